(() => {
  const PAUSE = 30e3;
  const PATIENCE = 20e3;
  const SETTLING = 3e3;
  // Where all else never ends to load.
  const LONGEST_PATIENCE = 30e3;
  // How long what somebody asks of the browser, a form or another page, may take to be answered.
  const LEAVING = 45e3;
  // The worst first, which is what is said.
  const SENTENCES = new Map(SENTENCES_BY_CAUSE);
  const typed = new Set();
  let leftAt = -LEAVING;
  let takenOver = false;
  let cause;
  let notice;
  let timer;

  const note = (name, value) => {
    try {
      const last = sessionStorage.getItem(name);
      if (value === undefined) sessionStorage.removeItem(name);
      else sessionStorage.setItem(name, value);
      return last;
    } catch {
      return null;
    }
  };
  const lates = Number(note('takeover-late'));
  const isThere = (selector) => {
    try {
      return document.querySelector(selector);
    } catch {
      // Not every browser knows all selectors.
      return null;
    }
  };
  // What was chosen or typed and not sent. A search stands in the address.
  const differs = ({ isConnected, form, type, value, defaultValue, checked, defaultChecked, options }) => {
    if (!isConnected || form?.method === 'get') return false;
    if (options) return [...options].some((option) => option.selected !== option.defaultSelected);
    return /^(radio|checkbox)$/.test(type) ? checked !== defaultChecked : value !== defaultValue;
  };
  const busy = () =>
    isThere('dialog[open]') ||
    isThere(':popover-open') ||
    performance.now() - leftAt < LEAVING ||
    [...typed].some(differs);
  const isOurs = (text) => text.split(`${location.origin}/pkg/`).slice(1).some((file) => /^[\w.-]+\.(js|wasm)/.test(file));
  const isA = (error, name) => window.WebAssembly && error instanceof WebAssembly[name];
  // `file` is where it came from, or what was not loaded; `ran` whether it was code that ran.
  const hear = (error, file, ran) => {
    const stack = `${file}\n${error?.stack ?? ''}`;
    const ours = isOurs(stack);
    // Of what runs in a module, browsers may name no file at all.
    const foreign = !ours && /\b(?!wasm:)[\w-]+:\/\//.test(stack);
    const refused = isA(error, 'CompileError') || isA(error, 'LinkError');
    const inModule = isA(error, 'RuntimeError') || stack.includes('wasm-function');
    if (foreign) return;
    if (!refused && !(error instanceof SyntaxError) && (inModule || (ours && ran))) fail('broken');
    else if (ours || refused) missing();
  };

  // Children counted from the document's root down to what has the focus.
  const focusPath = () => {
    const path = [];
    for (let element = document.activeElement; element?.parentElement; element = element.parentElement) {
      path.unshift([...element.parentElement.children].indexOf(element));
    }
    return path.join();
  };
  const focusAgain = () => {
    const path = note('takeover-focus');
    if (!path || document.activeElement !== document.body) return;
    path.split(',').reduce((element, index) => element?.children[index], document.documentElement)?.focus({ preventScroll: true });
  };

  const loadAnew = async () => {
    wait();
    if (document.hidden || busy()) return;
    try {
      // A page that is gone could not load itself any more.
      const { status } = await fetch('/rpc/session', { cache: 'no-store', signal: AbortSignal.timeout?.(PAUSE / 3) });
      if (status >= 500 || busy() || !cause) return;
    } catch {
      return;
    }
    note('takeover-focus', focusPath());
    if (cause === 'late') note('takeover-late', lates + 1);
    location.reload();
  };
  // Code that is on its way on a slow connection must have the time to arrive.
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(loadAnew, cause === 'late' ? PAUSE * 2 ** Math.min(lates, 2) : PAUSE);
  };

  const say = () => {
    notice ??= document.body.appendChild(document.createElement('div'));
    notice.className = 'notice warning not-live';
    notice.setAttribute('role', 'status');
    const text = document.createElement('p');
    const anew = document.createElement('a');
    anew.href = location.pathname + location.search;
    anew.rel = 'external';
    anew.textContent = 'Load it anew';
    text.append(SENTENCES.get(cause), ' ', anew, '.');
    notice.replaceChildren(text);
  };
  const fail = (which) => {
    const worst = [...SENTENCES.keys()].find((known) => known === cause || known === which);
    if (worst === cause || (takenOver && which !== 'broken') || !document.body) return;
    cause = which;
    navigator.sendBeacon?.('/api/takeover', which);
    addEventListener('beforeunload', leave);
    if (which === 'broken') {
      // Nothing calls into the code any more.
      dispatchEvent(new Event('takeover-broken'));
      addEventListener('popstate', () => location.reload());
    }
    say();
    wait();
  };
  // A first attempt that failed may be followed by one that does not.
  const missing = () => setTimeout(fail, SETTLING, 'missing');
  const leave = () => {
    leftAt = performance.now();
  };

  addEventListener('input', (event) => typed.add(event.target), true);
  addEventListener('reset', () => typed.clear(), true);
  addEventListener('submit', ({ target, submitter }) => (submitter?.formMethod || target.method) === 'dialog' || leave(), true);
  addEventListener('error', ({ target, error, filename }) => {
    hear(error, target.src || target.href || filename || '', error);
  }, true);
  addEventListener('unhandledrejection', ({ reason }) => {
    hear(reason, reason?.message ?? '');
  });
  addEventListener('takeover-missing', missing);
  addEventListener('takeover', () => {
    takenOver = true;
    cause = undefined;
    clearTimeout(timer);
    notice?.remove();
    notice = undefined;
  });
  // Whoever comes back looks at it now.
  addEventListener('visibilitychange', () => cause && loadAnew());
  addEventListener('DOMContentLoaded', focusAgain);
  addEventListener('DOMContentLoaded', () => setTimeout(fail, LONGEST_PATIENCE, 'late'));
  addEventListener('load', () => setTimeout(fail, PATIENCE, 'late'));
})();
