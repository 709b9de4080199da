//! What others are told of customers who move between segments.

use super::SEGMENTATION;
use super::diff::{Movement, Pair};
use crate::error::Result;
use crate::webhooks::{Listeners, Told};
use crate::{Room, Segments};
use posthouse_domain::Instant;
use posthouse_store::segments::TransitionRow;
use posthouse_store::{Tx, history};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

const MOVED: &str = "segment.moved";
/// Most moves in one event. A run may move everybody; whoever is told takes them in pieces.
const AT_ONCE: usize = 500;

impl Segments<'_> {
    /// Tells of the movers of a run.
    pub(super) async fn tell_moves(
        &self,
        tx: &mut Tx,
        room: &Room,
        binding: &str,
        at: Instant,
        movement: &Movement,
    ) -> Result<()> {
        let listeners = Listeners::of(tx, room.id).await?;
        if !listeners.want(MOVED) {
            return Ok(());
        }
        let all = movement.movers.iter();
        let mut moves = all.flat_map(|(pair, movers)| movers.iter().map(move |ordinal| (ordinal, pair)));
        loop {
            let piece: Vec<(u32, &Pair)> = moves.by_ref().take(AT_ONCE).collect();
            if piece.is_empty() {
                return Ok(());
            }
            self.tell_piece(tx, room, binding, at, &listeners, &piece).await?;
        }
    }

    /// Tells of those who moved one by one.
    pub(super) async fn tell_transitions(
        &self,
        tx: &mut Tx,
        room: &Room,
        binding: &str,
        moves: &[TransitionRow],
    ) -> Result<()> {
        let listeners = Listeners::of(tx, room.id).await?;
        if moves.is_empty() || !listeners.want(MOVED) {
            return Ok(());
        }
        let pairs: Vec<(u32, Pair)> = moves
            .iter()
            .map(|row| (row.ordinal as u32, (row.origin.clone(), row.target.clone())))
            .collect();
        let at = moves.last().map_or(0, |row| row.at);
        let moves: Vec<(u32, &Pair)> = pairs.iter().map(|(ordinal, pair)| (*ordinal, pair)).collect();
        for piece in moves.chunks(AT_ONCE) {
            self.tell_piece(tx, room, binding, at, &listeners, piece).await?;
        }
        Ok(())
    }

    async fn tell_piece(
        &self,
        tx: &mut Tx,
        room: &Room,
        binding: &str,
        at: Instant,
        listeners: &Listeners,
        moves: &[(u32, &Pair)],
    ) -> Result<()> {
        let ordinals: Vec<u32> = moves.iter().map(|(ordinal, _)| *ordinal).collect();
        let ids: HashMap<i64, Uuid> = history::ids_at(tx, room.id, &ordinals).await?.into_iter().collect();
        let moves: Vec<_> = moves
            .iter()
            .map(|(ordinal, (from, to))| json!({"customer_id": ids.get(&i64::from(*ordinal)), "from": from, "to": to}))
            .collect();
        let told = Told {
            kind: MOVED,
            subject: format!("binding/{SEGMENTATION}/{binding}"),
            at,
            data: json!({"extension_point": SEGMENTATION, "binding": binding, "moves": moves}),
        };
        listeners.tell(self.app, tx, room.id, vec![told]).await.map(drop)
    }
}
