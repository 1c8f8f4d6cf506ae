//! What is typed is asked for once the typing rests, and not at each letter.

use leptos::prelude::debounce;
use std::time::Duration;

/// How long nothing is typed before it counts as whole.
const REST: Duration = Duration::from_millis(250);

/// To be told each text while it is typed; `act` gets the last of them.
pub(super) fn once_typed(act: impl Fn(String) + 'static) -> Box<dyn FnMut(String)> {
    Box::new(debounce(REST, act))
}
