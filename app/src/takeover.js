(() => {
  const PAUSE = 30e3;
  const PATIENCE = 20e3;
  const SETTLING = 3e3;
  // The worst first, which is what is said.
  const SENTENCES = new Map(SENTENCES_BY_CAUSE);
  // What the code listens to. It must not keep the browser from doing what it does without scripts.
  const HEARD = ['click', 'submit', 'input', 'change', 'keydown', 'focusin', 'pointerover', 'toggle', 'cancel', 'close', 'command'];
  const typed = new Set();
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
  const busy = () =>
    document.querySelector('dialog[open]') || [...typed].some((field) => field.isConnected && field.value);
  const isOurs = (file) => /\/pkg\/.*\.(js|wasm)/.test(file);
  const isA = (error, name) => window.WebAssembly && error instanceof WebAssembly[name];
  const hear = (error, file) => {
    if (isA(error, 'RuntimeError')) fail('broken');
    else if (isA(error, 'CompileError') || isA(error, 'LinkError') || isOurs(file)) missing();
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
    timer = setTimeout(loadAnew, cause === 'late' ? PAUSE * 2 ** Math.min(lates, 6) : PAUSE);
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
    if (which === 'broken') {
      for (const type of HEARD) addEventListener(type, (event) => event.stopImmediatePropagation(), true);
      addEventListener('popstate', () => location.reload());
    }
    say();
    wait();
  };
  // A first attempt that failed may be followed by one that does not.
  const missing = () => setTimeout(fail, SETTLING, 'missing');

  addEventListener('input', (event) => typed.add(event.target), true);
  addEventListener('reset', () => typed.clear(), true);
  addEventListener('error', ({ target, error, filename }) => {
    hear(error, target.src || target.href || filename);
  }, true);
  addEventListener('unhandledrejection', ({ reason }) => {
    hear(reason, `${reason?.message} ${reason?.stack}`);
  });
  addEventListener('takeover-missing', missing);
  addEventListener('takeover', () => {
    takenOver = true;
    cause = undefined;
    clearTimeout(timer);
    notice?.remove();
    notice = undefined;
  });
  addEventListener('DOMContentLoaded', focusAgain);
  addEventListener('load', () => setTimeout(fail, PATIENCE, 'late'));
})();
