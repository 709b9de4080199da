// Forms of more than a line: what is typed is kept on this device until it is sent, a file that a form answers with is saved, and what was
// searched for is picked.
import htmx from './htmx';

// drafts: whoever leaves a form, or loses the page under it, finds what they typed
const drafts = (): NodeListOf<HTMLFormElement> => document.querySelectorAll<HTMLFormElement>('form[data-draft]');
const place = (form: HTMLFormElement): string => `draft:${form.dataset['draft'] ?? ''}`;
const HIDDEN = new Set(['csrf', 'version', 'id', 'set_of']);

const typedIn = (form: HTMLFormElement): [string, string][] =>
  [...new FormData(form)].flatMap(([name, value]) => (typeof value === 'string' && !HIDDEN.has(name) ? [[name, value] as [string, string]] : []));

document.addEventListener('input', (event) => {
  const form = event.target instanceof Element ? event.target.closest<HTMLFormElement>('form[data-draft]') : null;
  if (form) localStorage.setItem(place(form), JSON.stringify(typedIn(form)));
});

const restore = (form: HTMLFormElement): void => {
  if (form.dataset['seen']) return;
  form.dataset['seen'] = '1';
  const kept = localStorage.getItem(place(form));
  if (!kept) return;
  const pairs = JSON.parse(kept) as [string, string][];
  if (JSON.stringify(typedIn(form)) === kept) return;
  for (const field of form.elements) {
    if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement || field instanceof HTMLTextAreaElement)) continue;
    if (!field.name || HIDDEN.has(field.name)) continue;
    const values = pairs.filter(([name]) => name === field.name).map(([, value]) => value);
    if (field instanceof HTMLInputElement && (field.type === 'checkbox' || field.type === 'radio')) field.checked = values.includes(field.value);
    else if (values[0] !== undefined) field.value = values[0];
  }
  document.dispatchEvent(new CustomEvent('said', { detail: { text: form.dataset['restored'] ?? '' } }));
  // what depends on a choice, and what is to say about it, comes from the server
  form.querySelector('select[hx-post]')?.dispatchEvent(new Event('change', { bubbles: true }));
};
const look = (): void => drafts().forEach(restore);
document.addEventListener('DOMContentLoaded', look);
document.addEventListener('htmx:afterSettle', look);
document.addEventListener('htmx:afterRequest', (event) => {
  const { xhr, elt } = (event as CustomEvent<{ xhr: XMLHttpRequest; elt: Element }>).detail;
  if (!(elt instanceof HTMLFormElement)) return;
  delete elt.dataset['sent'];
  if (!xhr.getResponseHeader('HX-Location')) delete elt.dataset['going'];
  if (elt.dataset['draft'] && xhr.status === 200) localStorage.removeItem(place(elt));
});

// a form is sent once, however often it is clicked: a second time only after an answer that does not lead away
document.addEventListener(
  'submit',
  (event) => {
    if (!(event.target instanceof HTMLFormElement) || !event.target.dataset['going']) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);
document.addEventListener('htmx:beforeRequest', (event) => {
  const { elt, requestConfig } = (event as CustomEvent<{ elt: Element; requestConfig: { triggeringEvent?: Event } }>).detail;
  if (elt instanceof HTMLFormElement && elt.method === 'post' && requestConfig.triggeringEvent?.type === 'submit') elt.dataset['going'] = '1';
});

// a form that is sent, or a page that goes, needs no more checks
const uncheck = (within: ParentNode): void => within.querySelectorAll('[data-checks]').forEach((checks) => htmx.trigger(checks, 'htmx:abort'));
document.addEventListener('htmx:beforeRequest', (event) => {
  const asks = event.target;
  if (!(asks instanceof HTMLElement)) return;
  if (asks instanceof HTMLFormElement) {
    asks.dataset['sent'] = '1';
    uncheck(asks);
  } else if (asks.dataset['checks'] !== undefined && asks.closest('form')?.dataset['sent']) event.preventDefault();
});
document.addEventListener('htmx:beforeSwap', (event) => {
  if (event.target instanceof Element && event.target.id === 'main') uncheck(event.target);
});

// a file that a form answers with is saved, and the page brought up to date
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.dataset['downloads'] === undefined) return;
  event.preventDefault();
  void (async () => {
    const body = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
    const answer = await fetch(form.action, { method: 'POST', body, headers: { 'HX-Request': 'true' } });
    if (!answer.ok) {
      const told = form.querySelector('.told');
      if (told) told.textContent = decodeURIComponent(answer.headers.get('X-Said') ?? '') || (document.body.dataset['failed'] ?? '');
      return;
    }
    const name = /filename="([^"]+)"/.exec(answer.headers.get('Content-Disposition') ?? '')?.[1] ?? 'file';
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await answer.blob());
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    void htmx.ajax('get', location.pathname + location.search, { target: '#main', select: '#main', swap: 'outerHTML' });
  })();
});

// who was searched for is picked
document.addEventListener('click', (event) => {
  const pick = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-picks]') : null;
  const box = pick?.closest('.picks');
  if (!pick || !box) return;
  const [hidden, shown] = [box.querySelector<HTMLInputElement>('input[type="hidden"]'), box.querySelector<HTMLInputElement>('input:not([type])')];
  if (hidden) hidden.value = pick.dataset['picks'] ?? '';
  if (shown) {
    shown.value = pick.dataset['label'] ?? '';
    shown.focus();
  }
  box.querySelector('.offers')?.replaceChildren();
});
document.addEventListener('input', (event) => {
  const typed = event.target;
  if (!(typed instanceof HTMLInputElement)) return;
  const hidden = typed.closest('.picks')?.querySelector<HTMLInputElement>('input[type="hidden"]');
  if (hidden) hidden.value = '';
});
document.addEventListener('keydown', (event) => {
  const box = event.target instanceof Element ? event.target.closest('.picks') : null;
  if (!box || event.isComposing) return;
  const offers = [...box.querySelectorAll<HTMLElement>('[data-picks]')];
  if (offers.length === 0) return;
  const now = offers.findIndex((offer) => offer.classList.contains('at'));
  const move = (to: number): void => offers.forEach((offer, at) => offer.classList.toggle('at', at === to));
  if (event.key === 'ArrowDown') move(Math.min(now + 1, offers.length - 1));
  else if (event.key === 'ArrowUp') move(Math.max(now - 1, 0));
  else if (event.key === 'Enter') offers[Math.max(now, 0)]?.click();
  else return;
  event.preventDefault();
});
