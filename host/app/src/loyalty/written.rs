//! Writing accounts: every book of some members, each in one go.

use super::sheet::Sheet;
use crate::error::Result;
use crate::webhooks::Told;
use posthouse_store::Tx;
use posthouse_store::ledger::{self, Account, Cause, Moving, Posting};
use posthouse_store::loyalty::{self as store, EntryRow, LotRow, MemberRow, TierRow};
use std::borrow::Cow;
use uuid::Uuid;

/// The kind of the ledger's causes: a line of a statement.
const CAUSE: &str = "points";

/// Writes all that changed, and returns what there is to be told, by whoever ends the transaction. The transaction has the members' rows.
///
/// # Errors
/// [`posthouse_store::StoreError::Overtaken`] if the ledger has it otherwise; failures of the database.
pub(super) async fn write(tx: &mut Tx, agency: Uuid, sheets: &[&Sheet]) -> Result<Vec<Told>> {
    let members: Vec<MemberRow> = sheets.iter().map(|sheet| sheet.row()).collect();
    store::put(tx, agency, &members).await?;
    let lots: Vec<LotRow> = sheets.iter().flat_map(|sheet| sheet.changed_lots()).collect();
    store::put_lots(tx, agency, &lots).await?;
    let lines: Vec<EntryRow> = sheets.iter().flat_map(|sheet| sheet.lines()).cloned().collect();
    store::insert_entries(tx, agency, &lines).await?;
    store::enter(tx, agency, &lines).await?;
    keep(tx, agency, &lines).await?;
    let tiers: Vec<(Uuid, TierRow)> = sheets.iter().flat_map(|sheet| sheet.new_tiers()).collect();
    store::insert_tiers(tx, agency, &tiers).await?;
    Ok(sheets.iter().flat_map(|sheet| sheet.told()).cloned().collect())
}

/// What a line moves of the ledger's accounts: what came in, and what went out.
fn moves(line: &EntryRow) -> [Vec<Posting>; 2] {
    let parts = [
        ("-pending", line.pending),
        ("", line.available),
        ("-held", line.held),
        ("-owed", line.owed),
    ];
    let of = |sign: i64| {
        let own = parts.iter().filter(|(_, points)| points.signum() == sign);
        let posting = own.map(|(part, points)| Posting {
            account: Account {
                kind: Cow::Owned(format!("{}{part}", line.wallet)),
                owner: line.customer_id,
            },
            amount: points.abs(),
            at_most: Some(0),
            parts: Vec::new(),
        });
        posting.collect()
    };
    [of(1), of(-1)]
}

/// Moves the accounts of the ledger, each under the condition that nothing is used that did not come in.
async fn keep(tx: &mut Tx, agency: Uuid, lines: &[EntryRow]) -> Result<()> {
    let all: Vec<(&EntryRow, [Vec<Posting>; 2])> = lines.iter().map(|line| (line, moves(line))).collect();
    let moving = |which: usize| -> Vec<Moving<'_>> {
        let moving = all.iter().map(|(line, moves)| Moving {
            cause: Cause {
                kind: CAUSE,
                id: line.id,
            },
            at: line.at,
            postings: &moves[which],
        });
        moving.collect()
    };
    ledger::credit_all(tx, agency, &moving(0)).await?;
    Ok(ledger::debit_all(tx, agency, &moving(1)).await?)
}
