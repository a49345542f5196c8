// Pictures that are drawn once and stamped often: gradients are dear, and phones are slow.

/** Sprites are drawn twice as large as needed, for screens with dense pixels. */
const SHARPNESS = 2;

function picture(width, height, draw) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  draw(canvas.getContext('2d'));
  return canvas;
}

/** A cache of pictures by key. */
function cached(make) {
  const made = new Map();
  return (key) => {
    if (!made.has(key)) made.set(key, make(key));
    return made.get(key);
  };
}

/** A soft light of a hue, to be stamped at any size. */
export const glow = cached((hue) => picture(128, 128, (context) => {
  const gradient = context.createRadialGradient(64, 64, 4, 64, 64, 64);
  gradient.addColorStop(0, `hsl(${hue} 90% 65% / 0.55)`);
  gradient.addColorStop(0.4, `hsl(${hue} 90% 60% / 0.18)`);
  gradient.addColorStop(1, `hsl(${hue} 90% 55% / 0)`);
  context.fillStyle = gradient;
  context.fillRect(0, 0, 128, 128);
}));

/** The body of a creature of a hue: 48 paces wide, without its eyes. */
export const body = cached((hue) => picture(48 * SHARPNESS, 48 * SHARPNESS, (context) => {
  context.scale(SHARPNESS, SHARPNESS);
  const gradient = context.createRadialGradient(18, 15, 2, 24, 24, 22);
  gradient.addColorStop(0, `hsl(${hue} 85% 82%)`);
  gradient.addColorStop(0.55, `hsl(${hue} 75% 62%)`);
  gradient.addColorStop(1, `hsl(${hue} 65% 40%)`);
  context.fillStyle = gradient;
  context.beginPath();
  context.arc(24, 24, 20, 0, Math.PI * 2);
  context.fill();
}));

/** The text of a name, and its size in CSS pixels. */
export const label = cached((key) => {
  const { text, isMine, isBot } = JSON.parse(key);
  const font = `${isBot ? 400 : 600} 13px system-ui, sans-serif`;
  const probe = picture(1, 1, () => {}).getContext('2d');
  probe.font = font;
  const width = Math.ceil(probe.measureText(text).width) + 8;
  const canvas = picture(width * SHARPNESS, 20 * SHARPNESS, (context) => {
    context.scale(SHARPNESS, SHARPNESS);
    context.font = font;
    context.textBaseline = 'middle';
    context.lineJoin = 'round';
    context.lineWidth = 3;
    context.strokeStyle = 'rgb(6 16 24 / 0.75)';
    context.strokeText(text, 4, 10);
    context.fillStyle = isMine ? '#5fe0cf' : isBot ? 'rgb(200 218 222 / 0.75)' : '#f2f8f7';
    context.fillText(text, 4, 10);
  });
  return { canvas, width, height: 20 };
});

/** The ground: a tile of 512 paces that fits itself at all sides. */
export const ground = () => picture(512, 512, (context) => {
  context.fillStyle = '#143640';
  context.fillRect(0, 0, 512, 512);
  const random = seeded(7);
  const everywhere = (x, y, draw) => {
    for (const dx of [-512, 0, 512]) for (const dy of [-512, 0, 512]) draw(x + dx, y + dy);
  };
  for (let index = 0; index < 16; index += 1) {
    const [radius, light] = [50 + random() * 90, random() > 0.5];
    everywhere(random() * 512, random() * 512, (x, y) => {
      const gradient = context.createRadialGradient(x, y, 0, x, y, radius);
      gradient.addColorStop(0, light ? 'rgb(48 112 104 / 0.34)' : 'rgb(7 22 34 / 0.32)');
      gradient.addColorStop(1, 'rgb(20 50 60 / 0)');
      context.fillStyle = gradient;
      context.fillRect(x - radius, y - radius, radius * 2, radius * 2);
    });
  }
  context.lineCap = 'round';
  for (let index = 0; index < 90; index += 1) {
    context.strokeStyle = `hsl(${150 + random() * 40} 42% ${30 + random() * 16}% / 0.6)`;
    context.lineWidth = 1.2;
    const [lean, tall] = [random() * 6 - 3, 4 + random() * 6];
    everywhere(random() * 512, random() * 512, (x, y) => {
      context.beginPath();
      for (const side of [-3, 0, 3]) {
        context.moveTo(x + side, y);
        context.quadraticCurveTo(x + side, y - tall * 0.6, x + side * 1.6 + lean, y - tall);
      }
      context.stroke();
    });
  }
  for (let index = 0; index < 12; index += 1) {
    context.fillStyle = `hsl(${[50, 200, 280, 330][index % 4]} 60% 74% / 0.5)`;
    everywhere(random() * 512, random() * 512, (x, y) => {
      for (let petal = 0; petal < 5; petal += 1) {
        const angle = (petal / 5) * Math.PI * 2;
        context.beginPath();
        context.arc(x + Math.cos(angle) * 2.4, y + Math.sin(angle) * 2.4, 1.6, 0, Math.PI * 2);
        context.fill();
      }
    });
  }
});

/** Numbers from 0 to 1 that are the same each time. */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
