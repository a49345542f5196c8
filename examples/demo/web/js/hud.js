// What stands around the world: name, points, leaderboard, chat, and what went wrong.
//
// Whatever people typed goes into the page as text, never as markup.

const byId = (id) => document.getElementById(id);

export class Hud {
  #connection;
  #shownRanking = '';

  constructor({ name, onName, onSay, onRetry }) {
    const field = byId('name');
    field.value = name;
    field.addEventListener('change', () => onName(field.value));
    field.addEventListener('keydown', (event) => event.key === 'Enter' && field.blur());

    const text = byId('text');
    byId('say').addEventListener('submit', (event) => {
      event.preventDefault();
      if (text.value.trim() && !onSay(text.value)) return;
      text.value = '';
      // Back to the world; Enter leads here again.
      text.blur();
    });
    addEventListener('keydown', (event) => {
      if (event.key === 'Escape') document.activeElement?.blur();
      // Only where no field and no button had any use for it.
      if (event.key === 'Enter' && event.target === document.body && byId('overlay').hidden) {
        event.preventDefault();
        text.focus();
      }
    });
    byId('retry').addEventListener('click', onRetry);
    setInterval(() => this.#count(), 200);
  }

  /** Shows how the connection is, and the overlay if it is not. */
  connection(connection) {
    this.#connection = connection;
    const { phase, ping, trouble } = connection;
    byId('link').dataset.phase = phase;
    const words = { joining: 'joining', silent: 'no answer', lost: 'offline' };
    byId('ping').textContent = words[phase] ?? (ping === null ? 'online' : `${ping} ms`);
    byId('overlay').hidden = phase !== 'lost';
    if (trouble) {
      byId('trouble').textContent = trouble.title;
      byId('reason').textContent = trouble.detail;
    }
    this.#count();
  }

  me(player) {
    byId('score').textContent = player.score;
    byId('colour').style.background = `hsl(${player.hue} 75% 62%)`;
    const field = byId('name');
    if (document.activeElement !== field && field.value !== player.name) field.value = player.name;
  }

  ranking(state, myId) {
    const rows = [...state.ranking].map((id) => [id, state.players.get(id)]).filter(([, player]) => player);
    const people = [...state.players.values()].filter((player) => !player.isBot).length;
    const shown = JSON.stringify([people, rows.map(([id, { name, score }]) => [id, name, score])]);
    if (shown === this.#shownRanking) return;
    this.#shownRanking = shown;
    byId('ranking').replaceChildren(...rows.map(([id, player]) => {
      const row = element('li', '', element('span', `who ${player.isBot ? 'bot' : ''} ${id === myId ? 'self' : ''}`, player.name));
      row.style.setProperty('--hue', player.hue);
      row.append(element('span', 'points', String(player.score)));
      return row;
    }));
    const wanderers = state.players.size - people;
    byId('people').textContent = `${people} ${people === 1 ? 'person' : 'people'}, ${wanderers} bots`;
  }

  chat(lines) {
    const list = byId('lines');
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
    list.replaceChildren(...[...lines].map(({ author, hue, text }) => {
      if (!author) return element('li', 'world', text);
      const row = element('li', '', element('b', '', author));
      row.style.setProperty('--hue', hue);
      row.append(text);
      return row;
    }));
    if (isAtEnd) list.scrollTop = list.scrollHeight;
  }

  hideHint() {
    byId('hint').classList.add('done');
  }

  #count() {
    if (this.#connection?.phase !== 'lost') return;
    const { retryAt } = this.#connection;
    const seconds = Math.ceil((retryAt - performance.now()) / 1000);
    byId('countdown').textContent =
      retryAt === null || seconds <= 0 ? 'Trying to get back…' : `Trying again in ${seconds} s`;
    byId('retry').disabled = retryAt === null;
  }
}

/** An element with this content; strings become text. */
function element(tag, className, content) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(content);
  return made;
}
