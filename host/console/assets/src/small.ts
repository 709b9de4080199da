// Small things: forms that send themselves, menus, what is copied, focus that comes back.

document.addEventListener('change', (event) => {
  const field = event.target;
  if (field instanceof HTMLElement && field.dataset['sends'] !== undefined) field.closest('form')?.requestSubmit();
});

document.addEventListener('click', (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const copies = target?.closest<HTMLElement>('[data-copies]');
  if (copies) void navigator.clipboard?.writeText(copies.dataset['copies'] ?? '');
});

// after a part of the page is replaced, whoever worked by keyboard goes on where they were
let before: string | undefined;
document.addEventListener('htmx:beforeSwap', () => {
  before = document.activeElement?.id || undefined;
});
document.addEventListener('htmx:afterSettle', () => {
  if (before && document.activeElement === document.body) document.getElementById(before)?.focus({ preventScroll: true });
});

// leaving a form with something typed in it asks first
let typed = false;
document.addEventListener('input', (event) => {
  if (event.target instanceof Element && event.target.closest('form[data-keeps]')) typed = true;
});
document.addEventListener('submit', () => (typed = false));
window.addEventListener('beforeunload', (event) => {
  if (typed && document.querySelector('form[data-keeps]')) event.preventDefault();
});

// how much of a file is sent
document.addEventListener('htmx:xhr:progress', (event) => {
  const { loaded, total, lengthComputable } = (event as CustomEvent<ProgressEvent>).detail;
  const bar = event.target instanceof Element ? event.target.querySelector('.working progress') : null;
  if (!(bar instanceof HTMLProgressElement) || !lengthComputable || total === 0) return;
  bar.max = total;
  bar.value = loaded;
});
