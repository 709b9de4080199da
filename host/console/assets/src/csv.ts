// A table of a report as a file: what is on the page, numbers as numbers.

// `¥1,234.50` and `−3` become numbers as spreadsheets read them; anything else stays text that no spreadsheet runs.
const cell = (text: string): string => {
  const plain = text.replace(/\s+/g, ' ').trim();
  const [, minus, digits] = /^([-+−]?)(?:[¥€£]|[A-Z]{3}\u00a0?)?(\d{1,3}(?:,\d{3})*(?:\.\d+)?)$/.exec(plain) ?? [];
  if (digits !== undefined) return (minus === '−' || minus === '-' ? '-' : '') + digits.replaceAll(',', '');
  const safe = /^[=+\-@\t]/.test(plain) ? `'${plain}` : plain;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

const lines = (table: HTMLTableElement): string =>
  [...table.rows].map((row) => [...row.cells].map((one) => cell(one.innerText)).join(',')).join('\r\n');

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-csv]') : null;
  const table = button && document.querySelector<HTMLTableElement>('main table');
  if (!button || !table) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(['\ufeff', lines(table), '\r\n'], { type: 'text/csv;charset=utf-8' }));
  link.download = `${button.dataset['csv'] ?? 'table'}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
});
