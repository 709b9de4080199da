// A session that ends under an open page: who works there signs in again on top of it, and what they sent is sent again.
import htmx from './htmx';

interface Sent {
  verb: string;
  path: string;
  elt: Element;
  target: Element;
  parameters: Record<string, unknown>;
}

let waiting: Sent | undefined;

document.addEventListener('htmx:responseError', (event) => {
  const { xhr, requestConfig } = (event as CustomEvent<{ xhr: XMLHttpRequest; requestConfig: Sent }>).detail;
  if (xhr.status !== 401) return;
  waiting = requestConfig;
  const dialog = document.querySelector<HTMLDialogElement>('#again');
  if (dialog && !dialog.open) dialog.showModal();
});

document.addEventListener('signed-in', (event) => {
  const { csrf } = (event as CustomEvent<{ csrf: string }>).detail;
  document.body.setAttribute('hx-headers', JSON.stringify({ 'X-CSRF': csrf }));
  for (const field of document.querySelectorAll<HTMLInputElement>('input[name="csrf"]')) field.value = csrf;
  document.querySelector<HTMLDialogElement>('#again')?.close();
  const sent = waiting;
  waiting = undefined;
  if (!sent) return;
  if ('csrf' in sent.parameters) sent.parameters['csrf'] = csrf;
  void htmx.ajax(sent.verb as 'get', sent.path, { source: sent.elt, target: sent.target as HTMLElement, values: sent.parameters });
});
