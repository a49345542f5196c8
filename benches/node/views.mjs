// Jobs in which each client sees some of the entities, through a StateView.

import { Encoder, StateView, schema, t } from "@colyseus/schema";

import { Player, player } from "./maps.mjs";
import { VIEW_CASES, VIEW_CHURN, Workload, holdings, shuffled, viewBench } from "./workload.mjs";

const Arena = schema({ players: t.map(Player).view() }, "Arena");

/** Clients that have joined; entities move. A tick writes the patches of all of them. */
class Steady {
  constructor({ entities, changed, views, visible }, prefix = "view") {
    Object.assign(this, { entities, changed, again: true });
    this.bench = viewBench(prefix, views, visible);
    this.workload = new Workload(entities, changed);
    this.ticksPerPass = this.workload.ticksPerPass;
    this.state = new Arena();
    this.encoder = new Encoder(this.state);
    const { players } = this.state;
    this.workload.keys.forEach((key, index) => players.set(key, player(this.workload.initial(index))));
    this.views = [];
    this.encode();
    this.keysOf = holdings(entities, views, visible).map((held) => held.map((index) => this.workload.keys[index]));
    this.change = (key, dx, dy, hit) => {
      const player = players.get(key);
      player.x += dx;
      player.y += dy;
      if (hit) player.hp = (player.hp - 1) & 0xffff;
    };
    this.begin();
  }

  begin() {
    this.enter();
    this.encode();
  }

  /** Makes a view for each client. */
  enter() {
    const { players } = this.state;
    this.views = this.keysOf.map((keys) => {
      const view = new StateView();
      for (const key of keys) view.add(players.get(key));
      return view;
    });
  }

  mutate() {
    this.workload.tick(this.change);
  }

  /** Writes everybody's patch, and returns that of the first client. */
  encode() {
    const it = { offset: 0 };
    this.encoder.encode(it);
    const shared = it.offset;
    let first;
    for (const view of this.views) {
      const patch = this.encoder.encodeView(view, shared, it);
      first ??= patch;
    }
    this.encoder.discardChanges();
    return first;
  }

  snapshot() {
    const it = { offset: 0 };
    this.encoder.encodeAll(it);
    return this.encoder.encodeAllView(this.views[0], it.offset, it);
  }

  /** What the first client sees. */
  held() {
    const { players } = JSON.parse(JSON.stringify(this.state));
    return { players: Object.fromEntries(this.keysOf[0].map((key) => [key, players[key]])) };
  }
}

/** All clients join in one tick, into a world that stands still. */
class Joined extends Steady {
  constructor(views) {
    super({ ...views, changed: views.visible }, "view join");
    Object.assign(this, { again: false, ticksPerPass: 1, snapshot: undefined });
  }

  begin() {}

  mutate() {
    this.enter();
  }

  encode() {
    const it = { offset: 0 };
    this.encoder.encodeAll(it);
    const shared = it.offset;
    let first;
    for (const view of this.views) {
      const full = this.encoder.encodeAllView(view, shared, it);
      first ??= full;
    }
    return first;
  }

  settle() {
    for (const view of this.views) view.dispose();
  }
}

/** Each view loses some entities a tick and gains as many others; none of them changes. */
class Churn extends Steady {
  begin() {
    const { entities, visible } = VIEW_CHURN;
    const keys = shuffled(entities).map((index) => this.workload.keys[index]);
    // How far apart the views begin.
    const [apart, total] = [7, entities];
    this.gone = 0;
    this.key = (nth, place) => keys[(nth * apart + this.gone + place) % total];
    this.sees = (nth) => Array.from({ length: visible }, (_, place) => this.key(nth, place));
    this.keysOf = this.keysOf.map((_, nth) => this.sees(nth));
    super.begin();
  }

  mutate() {
    const { players } = this.state;
    const { changed, visible } = VIEW_CHURN;
    this.views.forEach((view, nth) => {
      for (let place = 0; place < changed; place++) {
        view.remove(players.get(this.key(nth, place)));
        view.add(players.get(this.key(nth, place + visible)));
      }
    });
    this.gone = (this.gone + changed) % this.entities;
  }

  held() {
    this.keysOf[0] = this.sees(0);
    return super.held();
  }
}

const joined = VIEW_CASES.filter(
  ({ views, visible }, nth) => VIEW_CASES.findIndex((other) => other.views === views && other.visible === visible) === nth,
);

export const viewJobs = [
  ...VIEW_CASES.map((views) => [viewBench("view", views.views, views.visible), () => new Steady(views)]),
  [viewBench("view churn", VIEW_CHURN.views, VIEW_CHURN.visible), () => new Churn(VIEW_CHURN, "view churn")],
  ...joined.map((views) => [viewBench("view join", views.views, views.visible), () => new Joined(views)]),
];
