// Browsers that know less of dialogs and menus than the one that stands in for them, or
// know it by name only. Each function runs in a page before any of its scripts.

/** Knows nothing of buttons that command dialogs. */
export function withoutCommand(): void {
  for (const name of ['command', 'commandForElement']) Reflect.deleteProperty(HTMLButtonElement.prototype, name);
  Reflect.deleteProperty(window, 'CommandEvent');
  for (const name of ['command', 'commandfor']) {
    new MutationObserver(() => {
      for (const button of document.querySelectorAll(`[${name}]`)) button.removeAttribute(name);
    }).observe(document, { attributeFilter: [name], childList: true, subtree: true });
  }
}

/** Has all the names, and commands do nothing. */
export function withInertCommand(): void {
  const swallow = (event: Event): void => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  window.addEventListener('command', swallow, { capture: true });
}

/** Knows nothing of popovers. */
export function withoutPopover(): void {
  for (const name of ['popover', 'showPopover', 'hidePopover', 'togglePopover']) Reflect.deleteProperty(HTMLElement.prototype, name);
  new MutationObserver(() => {
    for (const name of ['popover', 'popovertarget']) {
      for (const element of document.querySelectorAll(`[${name}]`)) element.removeAttribute(name);
    }
  }).observe(document, { childList: true, subtree: true });
}
