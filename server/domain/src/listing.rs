//! What becomes of the rotations that a search finds: how many are in each selection, which of
//! them the list shows, and in which order. The server says so for the page that it sends and
//! for the one in the browser, so both show the same.

use types::{RotationFilter, Selection, SelectionCounts, SortBy, Timestamp};

/// How many rotations a page of the list shows. More take long to draw and to read.
const PER_PAGE: usize = 100;

/// What a rotation is to the reader of the list, and how it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    /// The reader takes turns in it, or is on duty.
    pub mine: bool,
    pub owned: bool,
    /// The reader is on duty.
    pub on_duty: bool,
    pub nobody: bool,
    pub needs_attention: bool,
    /// When duty changes hands next, as far as that is known.
    pub changes_at: Option<Timestamp>,
}

impl Traits {
    const fn is_in(&self, selection: Selection) -> bool {
        match selection {
            Selection::All => true,
            Selection::Mine => self.mine,
            Selection::Owned => self.owned,
            Selection::OnDuty => self.on_duty,
            Selection::Nobody => self.nobody,
            Selection::Attention => self.needs_attention,
        }
    }
}

/// A page of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    pub items: Vec<T>,
    pub counts: SelectionCounts,
    /// How many come before the first of `items`.
    pub before: usize,
    /// From 1.
    pub page: usize,
    /// At least one.
    pub pages: usize,
}

impl<T> Listing<T> {
    /// The same of something that is made of each.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Listing<U> {
        Listing {
            items: self.items.into_iter().map(make).collect(),
            counts: self.counts,
            before: self.before,
            page: self.page,
            pages: self.pages,
        }
    }
}

/// The page that `filter` asks for of what was searched for, which comes by name.
pub fn listing<T>(found: Vec<(Traits, T)>, filter: &RotationFilter) -> Listing<T> {
    let mut counts = SelectionCounts::default();
    for selection in Selection::ALL {
        let within = found.iter().filter(|(traits, _)| traits.is_in(selection));
        within.for_each(|_| counts.add(selection));
    }
    let mut selected = found;
    selected.retain(|(traits, _)| traits.is_in(filter.selection));
    match filter.sort {
        SortBy::Name => {}
        SortBy::Change => {
            selected.sort_by_key(|(traits, _)| (traits.changes_at.is_none(), traits.changes_at));
        }
    }
    let pages = selected.len().div_ceil(PER_PAGE).max(1);
    let page = usize::try_from(filter.page)
        .unwrap_or(pages)
        .clamp(1, pages);
    let before = (page - 1) * PER_PAGE;
    let items = selected.into_iter().skip(before).take(PER_PAGE);
    Listing {
        items: items.map(|(_, item)| item).collect(),
        counts,
        before,
        page,
        pages,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shifts::examples::at;

    fn of(selection: Selection, sort: SortBy, page: u32) -> RotationFilter {
        RotationFilter {
            selection,
            sort,
            page,
            ..RotationFilter::default()
        }
    }

    fn all(page: u32) -> RotationFilter {
        of(Selection::All, SortBy::Name, page)
    }

    #[test]
    fn each_selection_counts_what_it_would_show() {
        let none = Traits::default();
        let found = vec![
            (
                Traits {
                    mine: true,
                    on_duty: true,
                    ..none
                },
                "a",
            ),
            (
                Traits {
                    mine: true,
                    owned: true,
                    ..none
                },
                "b",
            ),
            (
                Traits {
                    nobody: true,
                    needs_attention: true,
                    ..none
                },
                "c",
            ),
            (none, "d"),
        ];
        for (selection, expected) in [
            (Selection::All, &["a", "b", "c", "d"][..]),
            (Selection::Mine, &["a", "b"]),
            (Selection::Owned, &["b"]),
            (Selection::OnDuty, &["a"]),
            (Selection::Nobody, &["c"]),
            (Selection::Attention, &["c"]),
        ] {
            let listing = listing(found.clone(), &of(selection, SortBy::Name, 1));
            assert_eq!(listing.items, expected, "{selection:?}");
            let count = listing.counts.of(selection);
            assert_eq!(usize::try_from(count), Ok(expected.len()), "{selection:?}");
            assert_eq!(listing.counts.of(Selection::All), 4, "whatever is selected");
        }
    }

    #[test]
    fn what_changes_next_comes_first_and_what_nobody_knows_last() {
        let changes = |seconds: Option<i64>| Traits {
            changes_at: seconds.map(at),
            ..Traits::default()
        };
        let found = [None, Some(30), Some(10), None, Some(10)];
        let found = found.into_iter().map(changes).zip("abcde".chars());
        let by_change = of(Selection::All, SortBy::Change, 1);
        let listing = listing(found.collect(), &by_change);
        // Where two are alike, the name decides.
        assert_eq!(listing.items, ['c', 'e', 'b', 'a', 'd']);
    }

    #[test]
    fn there_is_a_page_whatever_is_asked_for() {
        let found = |number: usize| {
            (0..number)
                .map(|place| (Traits::default(), place))
                .collect()
        };
        for (number, asked, page, pages, first, shown) in [
            (0, 1, 1, 1, None, 0),
            (100, 1, 1, 1, Some(0), 100),
            (101, 1, 1, 2, Some(0), 100),
            (101, 2, 2, 2, Some(100), 1),
            (101, 0, 1, 2, Some(0), 100),
            (101, u32::MAX, 2, 2, Some(100), 1),
        ] {
            let listing = listing(found(number), &all(asked));
            let told = (listing.page, listing.pages, listing.items.len());
            assert_eq!(told, (page, pages, shown), "{number}, page {asked}");
            assert_eq!(listing.items.first().copied(), first);
            assert_eq!(listing.before, (page - 1) * 100);
        }
    }
}
