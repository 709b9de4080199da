// Lists by keyboard: j and k move, Enter opens, x selects. A row is `tr.row` with `data-href`; a click anywhere on it opens it.
import htmx from './htmx';

const rows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('.list tr.row')];

const at = (row: HTMLElement | undefined): void => {
  for (const other of rows()) other.classList.toggle('at', other === row);
  row?.scrollIntoView({ block: 'nearest' });
  row?.querySelector<HTMLElement>('a')?.focus({ preventScroll: true });
};

const open = (row: HTMLElement, apart: boolean): void => {
  const link = row.querySelector<HTMLAnchorElement>('a[href]');
  if (!link) return;
  if (apart) window.open(link.href, '_blank', 'noopener');
  else link.click();
};

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = event.target;
  if (target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
  if (document.querySelector('dialog[open]')) return;
  const all = rows();
  if (all.length === 0) return;
  const now = all.findIndex((row) => row.classList.contains('at'));
  switch (event.key) {
    case 'j':
    case 'k': {
      const step = event.key === 'j' ? 1 : -1;
      at(all[Math.min(Math.max(now + step, 0), all.length - 1)]);
      break;
    }
    case 'x': {
      const box = all[now]?.querySelector<HTMLInputElement>('input[type="checkbox"]');
      box?.click();
      break;
    }
    case 'Enter': {
      if (target !== document.body || now < 0) return;
      const row = all[now];
      if (row) open(row, false);
      break;
    }
    default:
      return;
  }
  event.preventDefault();
});

document.addEventListener('click', (event) => {
  const target = event.target;
  if (!(target instanceof Element) || target.closest('a, button, input, label, select, summary')) return;
  const row = target.closest<HTMLElement>('.list tr.row');
  if (row && !getSelection()?.toString()) open(row, event.ctrlKey || event.metaKey);
});

// rows that come anew while somebody moves among them leave the cursor on whom it was on
let kept: string | null | undefined;
htmx.on('htmx:beforeSwap', () => {
  kept = document.querySelector('.list tr.row.at a[href]')?.getAttribute('href');
});
htmx.on('htmx:afterSettle', () => {
  if (!kept || document.querySelector('.list tr.row.at')) return;
  for (const row of rows()) {
    if (row.querySelector('a[href]')?.getAttribute('href') === kept) row.classList.add('at');
  }
});

// what is selected is counted where bulk actions stand
const count = (): void => {
  for (const bar of document.querySelectorAll<HTMLElement>('[data-selected]')) {
    const picked = document.querySelectorAll('.list input[name="id"]:checked').length;
    bar.hidden = picked === 0;
    const number = bar.querySelector('output');
    if (number) number.textContent = picked.toLocaleString('en');
  }
};
document.addEventListener('change', (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement)) return;
  if (box.matches('.list thead input[type="checkbox"]')) {
    for (const other of document.querySelectorAll<HTMLInputElement>('.list tbody input[name="id"]')) other.checked = box.checked;
  }
  if (box.closest('.list')) count();
});
document.addEventListener('click', (event) => {
  if (!(event.target instanceof Element) || !event.target.closest('[data-unpicks]')) return;
  for (const box of document.querySelectorAll<HTMLInputElement>('.list input[type="checkbox"]')) box.checked = false;
  count();
});
htmx.on('htmx:afterSettle', count);
