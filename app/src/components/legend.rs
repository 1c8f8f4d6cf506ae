//! What the patterns of a drawing mean, in words: of those that are drawn.

use super::pieces::{Piece, PieceKind};
use maud::{Markup, html};

/// The classes of the drawing, and what each means.
const MEANINGS: [(&str, &str); 6] = [
    ("override", "Override"),
    ("covers", "Covers for somebody"),
    ("cover", "Cover is wanted"),
    ("away", "Away"),
    ("gap", "Nobody is on duty"),
    ("unknown", "Not known"),
];

/// Nothing where there is nothing but turns.
pub(crate) fn legend_markup<'a>(pieces: impl Iterator<Item = &'a Piece> + Clone) -> Markup {
    let is_drawn = |class: &str| {
        pieces.clone().any(|piece| match piece.kind {
            PieceKind::Duty { .. } => piece
                .stretch
                .overrides
                .iter()
                .any(|one| class == if one.is_cover { "covers" } else { "override" }),
            PieceKind::Nobody => class == "gap",
            PieceKind::NotFollowed | PieceKind::NotKnown => class == "unknown",
            PieceKind::Away => class == "away",
            PieceKind::CoverWanted => class == "cover",
        })
    };
    let drawn: Vec<_> = MEANINGS
        .into_iter()
        .filter(|(class, _)| is_drawn(class))
        .collect();
    html! {
        @if !drawn.is_empty() {
            ul class="chart legend" aria-label="What the patterns mean" {
                @for (class, meaning) in drawn {
                    li class=(class) { span class="piece" aria-hidden="true" {} (meaning) }
                }
            }
        }
    }
}
