// A record that others change while it is open says so. It is asked for now and then, as long as somebody is at the page: a page that nobody
// looks at keeps no session alive.
const EVERY = 20_000;
const AT_IT = 120_000;

let seen = Date.now();
for (const sign of ['pointermove', 'keydown', 'scroll', 'touchstart']) {
  document.addEventListener(sign, () => (seen = Date.now()), { passive: true });
}

const look = async (): Promise<void> => {
  const notice = document.querySelector<HTMLElement>('[data-live]');
  if (!notice?.hidden || document.hidden || Date.now() - seen > AT_IT) return;
  const answer = await fetch(notice.dataset['live'] ?? '', { headers: { 'HX-Request': 'true' } }).catch(() => undefined);
  if (!answer?.ok || !notice.isConnected) return;
  notice.hidden = (await answer.text()) === notice.dataset['version'];
};

setInterval(() => void look(), EVERY);
document.addEventListener('visibilitychange', () => void look());
window.addEventListener('focus', () => void look());
