// The palette: opened from anywhere, moved through with arrows. What is found comes from the server as links.

const palette = (): HTMLDialogElement | null => document.querySelector<HTMLDialogElement>('dialog.palette');

document.addEventListener('click', (event) => {
  const target = event.target;
  if (!(target instanceof Element)) return;
  const opener = target.closest<HTMLElement>('[data-opens]');
  if (opener) {
    const dialog = document.getElementById(opener.dataset['opens'] ?? '');
    if (dialog instanceof HTMLDialogElement && !dialog.open) {
      event.preventDefault();
      dialog.showModal();
      dialog.querySelector<HTMLInputElement>('input:not([type="hidden"]), textarea, select')?.focus();
    }
    return;
  }
  if (target.closest('[data-closes]')) target.closest('dialog')?.close();
  // a click beside a dialog closes it
  if (target instanceof HTMLDialogElement && target.open && event.detail > 0) {
    const { left, right, top, bottom } = target.getBoundingClientRect();
    const outside = event.clientX < left || event.clientX > right || event.clientY < top || event.clientY > bottom;
    if (outside && !target.dataset['keeps']) target.close();
  }
});

document.addEventListener('keydown', (event) => {
  const dialog = palette();
  if (!dialog?.open || event.isComposing) return;
  const links = [...dialog.querySelectorAll<HTMLAnchorElement>('.found a')];
  const now = links.findIndex((link) => link.classList.contains('at'));
  const move = (to: number): void => {
    links.forEach((link, place) => link.classList.toggle('at', place === to));
    links[to]?.scrollIntoView({ block: 'nearest' });
  };
  if (event.key === 'ArrowDown') move(Math.min(now + 1, links.length - 1));
  else if (event.key === 'ArrowUp') move(Math.max(now - 1, 0));
  else if (event.key === 'Enter') {
    const link = links[Math.max(now, 0)];
    if (link) {
      dialog.close();
      link.click();
    }
  } else return;
  event.preventDefault();
});
