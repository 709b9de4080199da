// What the server says beside a page: a line at the foot of the window, with a way to undo where there is one.
import htmx from './htmx';

interface Said {
  text: string;
  undo?: { label: string; path: string };
}

const say = ({ text, undo }: Said): void => {
  const place = document.querySelector('.said');
  if (!place) return;
  const line = document.createElement('div');
  line.setAttribute('role', 'status');
  line.append(text);
  if (undo) {
    const button = document.createElement('button');
    button.textContent = undo.label;
    button.addEventListener('click', () => {
      line.remove();
      void htmx.ajax('post', undo.path, { target: '#main', select: '#main', swap: 'outerHTML' });
    });
    line.append(button);
  }
  place.append(line);
  setTimeout(() => line.remove(), undo ? 10_000 : 4_000);
};

document.addEventListener('said', (event) => say((event as CustomEvent<Said>).detail));
// what a form did is said on the page it leads to, not on the one that is about to go
document.addEventListener('done', (event) => {
  const { detail } = event as CustomEvent<Said>;
  document.addEventListener('htmx:afterSettle', () => say(detail), { once: true });
});

// a page that a form led to brings its line along, in a cookie that is taken once, and the way back in another
const taken = (name: string): string | undefined => {
  const note = new RegExp(`(?:^|; )${name}=([^;]*)`).exec(document.cookie)?.[1];
  if (!note) return undefined;
  document.cookie = `${name}=; Path=/; Max-Age=0; SameSite=Lax`;
  return decodeURIComponent(note);
};
const brought = (): void => {
  const [text, undo] = [taken('said'), taken('undo')];
  if (text === undefined) return;
  const [, path, label] = /^(\/\S+) (.+)$/.exec(undo ?? '') ?? [];
  say(path && label ? { text, undo: { path, label } } : { text });
};
document.addEventListener('DOMContentLoaded', brought);
document.addEventListener('htmx:afterSettle', brought);

// what the server could not do is said in its own words, and nothing that was typed goes away
document.addEventListener('htmx:responseError', (event) => {
  const { xhr } = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail;
  if (xhr.status === 401) return;
  const told = xhr.getResponseHeader('X-Said');
  const text = told ? decodeURIComponent(told) : (document.body.dataset['failed'] ?? String(xhr.status));
  // an open dialog covers the foot of the window
  const within = document.querySelector('dialog[open] .told');
  if (within) within.textContent = text;
  else say({ text });
});
for (const name of ['htmx:sendError', 'htmx:timeout']) {
  document.addEventListener(name, () => say({ text: document.body.dataset['unreached'] ?? '' }));
}
