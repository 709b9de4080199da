// The keyboard. An element says by which key it is reached: `data-key="n"` is pressed, `data-go="c"` after a `g`. Letters do nothing
// while somebody types.

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

const within = (): ParentNode => document.querySelector<HTMLDialogElement>('dialog[open]') ?? document;

const press = (attribute: string, key: string): boolean => {
  const found = [...within().querySelectorAll<HTMLElement>(`[${attribute}]`)].find(
    (element) => element.getAttribute(attribute) === key && element.getClientRects().length > 0,
  );
  if (!found) return false;
  if (found instanceof HTMLInputElement && found.type !== 'checkbox') {
    found.focus();
    found.select();
  } else {
    found.click();
  }
  return true;
};

let going = 0;

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
    if (press('data-key', 'ctrl+k')) event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target)) {
    if (event.key === 'Escape') (event.target as HTMLElement).blur();
    return;
  }
  const after = going;
  going = 0;
  if (performance.now() - after < 1_200 && after > 0) {
    if (press('data-go', event.key)) event.preventDefault();
    return;
  }
  if (event.key === 'g') {
    going = performance.now();
    return;
  }
  if (press('data-key', event.key)) event.preventDefault();
});
