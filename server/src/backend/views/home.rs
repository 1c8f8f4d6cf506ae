//! Home, as one reader sees it.

use super::card;
use crate::actions::home::HomeState;
use domain::Turn;
use types::{ComingShift, HomeView, NeedyRotation, RotationCard};

pub(in crate::backend) fn home(state: HomeState) -> HomeView {
    let card = |place| card_of(&state, place);
    let home = &state.home;
    HomeView {
        rotations: home.rotations,
        mine: home.mine,
        unknown: home.unknown,
        on_duty: home.on_duty.clone().map(card),
        coming: home.coming.clone().map(|turn| coming(&state, turn)),
        in_turn: home.in_turn.clone().map(card),
        owned: home.owned.clone().map(card),
        needs: home.needs.clone().map(|place| NeedyRotation {
            card: card(place),
            may_edit: state.told(place).may_edit,
        }),
        unlinked_on_duty: home.unlinked_on_duty,
        pagerduty: state.pagerduty.clone(),
        slack: state.slack.clone(),
    }
}

fn card_of(state: &HomeState, place: usize) -> RotationCard {
    let told = state.told(place);
    card(told.rotation, told.outlook.clone(), told.needs.to_vec())
}

fn coming(state: &HomeState, turn: Turn<usize>) -> ComingShift {
    let rotation = state.told(turn.rotation).rotation;
    ComingShift {
        rotation: rotation.id.clone(),
        rotation_name: rotation.details.name.clone(),
        starts_at: turn.starts_at,
        ends_at: turn.ends_at,
        or_later: turn.or_later,
    }
}
