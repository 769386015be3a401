// Texts whose contrast with what is behind them is below 4.5, by WCAG's formula.
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

/** Red, green, blue from 0 to 255, and how much of it is there, from 0 to 1. */
function colour(text) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = text;
  canvas.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
  return [red, green, blue, alpha / 255];
}

function over([red, green, blue, alpha], ground) {
  return [red, green, blue].map((part, index) => part * alpha + ground[index] * (1 - alpha));
}

function ground(element) {
  if (!element) return [255, 255, 255];
  const own = colour(getComputedStyle(element).backgroundColor);
  return own[3] === 1 ? own.slice(0, 3) : over(own, ground(element.parentElement));
}

function luminance(parts) {
  const [red, green, blue] = parts.map((part) => (part <= 10.31 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const low = new Set();
let looked = 0;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("script, style, .visually-hidden, .skip")) continue;
  const behind = ground(element);
  const [one, other] = [luminance(over(colour(getComputedStyle(element).color), behind)), luminance(behind)];
  const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  looked += 1;
  if (contrast < 4.5) low.add(`${element.tagName}.${element.className}: ${contrast.toFixed(2)}`);
}
return { looked, low: [...low] };
