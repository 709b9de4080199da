// Trying a rule: what stands beside the form is of the settings as they were tried. While they are typed anew nothing can be put into force.

document.addEventListener('input', (event) => {
  if (!(event.target instanceof Element) || !event.target.closest('form[data-tries]')) return;
  for (const button of document.querySelectorAll<HTMLButtonElement>('#tried .deed button')) button.disabled = true;
});
