//! Whoever comes back to the list of rotations finds it where they left it. A browser
//! sees to that by itself as soon as the address changes; the list comes later.

use leptos::prelude::*;

/// Where a page was left last.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// How far it was scrolled, in CSS pixels.
    left_at: StoredValue<f64>,
    /// The browser's Back or Forward leads there.
    came_back: StoredValue<bool>,
}

/// For the page of the address `path`. Must be called before the router is made: this
/// has to hear of a click and of Back before the router does something about them.
pub(crate) fn provide_place(path: &'static str) {
    let place = Place {
        left_at: StoredValue::new(0.0),
        came_back: StoredValue::new(false),
    };
    provide_context(place);
    let there = move || window().location().pathname().is_ok_and(|now| now == path);
    let _lives_as_long_as_the_app = [
        window_event_listener_untyped("click", move |_| {
            if there() {
                place.came_back.set_value(false);
                place
                    .left_at
                    .set_value(window().scroll_y().unwrap_or_default());
            }
        }),
        window_event_listener_untyped("popstate", move |_| place.came_back.set_value(there())),
    ];
}

pub(crate) fn use_place() -> Place {
    expect_context()
}

impl Place {
    /// How far down to go, for somebody who came back. Answers once.
    pub(crate) fn to_return_to(self) -> Option<f64> {
        let came_back = self.came_back.try_update_value(std::mem::take);
        came_back?.then(|| self.left_at.get_value())
    }
}
