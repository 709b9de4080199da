//! A case's own page, for whoever complained: a link that the host has signed, what it shows, and what can be done there. And the form by which anybody
//! can complain.

use super::file::Who;
use super::open::NewCase;
use super::steps::Deed;
use super::{EntryView, FileView, LARGEST_FILE};
use crate::error::{AppError, Result, Soon, soon};
use crate::team::{Caller, Rows, Scope};
use crate::{Complaints, Room};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use posthouse_domain::complaints::{State, Step};
use posthouse_domain::{Instant, words};
use posthouse_store::complaints::{self as store, CaseRow};
use posthouse_store::{Access, team};
use std::sync::Arc;
use uuid::Uuid;

/// How long a page is open after its case is over, in ms of business time.
const OPEN_FOR: i64 = 365 * 86_400_000;
/// Most entries that a customer sees.
const MOST: i64 = 200;
/// Bytes of an id.
const ID: usize = 16;

/// What whoever complained sees of a case.
#[derive(Debug)]
pub struct OwnCase {
    /// The agency.
    pub room: Arc<Room>,
    /// What the agency is called.
    pub agency: String,
    /// What people call the case.
    pub number: String,
    /// What was said.
    pub text: String,
    /// Where it stands.
    pub state: State,
    /// When it came.
    pub opened_at: Instant,
    /// By when the customer hears again; none while nothing runs.
    pub next_update_at: Option<Instant>,
    /// Whether that was missed.
    pub is_late: bool,
    /// What can be done.
    pub possible: Vec<Step>,
    /// From 1 to 5.
    pub rating: Option<i32>,
    /// What happened, the first first.
    pub entries: Vec<EntryView>,
    /// Files.
    pub files: Vec<FileView>,
}

fn nobody() -> AppError {
    AppError::Missing(words!(
        "this link is not valid any more; ask your travel agency for a new one",
        "此链接已失效；请向旅行社索取新的链接"
    ))
}

/// What a customer may do there.
const OF_CUSTOMERS: [Step; 5] = [Step::Answer, Step::Accept, Step::Withdraw, Step::Reopen, Step::Rate];

impl Complaints<'_> {
    /// The path of a case's own page on this server.
    pub(super) fn path_of(&self, room: &Room, row: &CaseRow) -> String {
        let signature = self.app.documents.sign_case(room.id, row.id, row.link_epoch);
        let token = URL_SAFE_NO_PAD.encode([row.id.as_bytes().as_slice(), &signature].concat());
        format!("/p/{}/c/{token}", room.slug)
    }

    /// The path of a case's own page, for whoever is to send it to the customer.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked`, as the page shows what was said.
    pub async fn page_of(&self, caller: &Caller, case: &str) -> Result<String> {
        caller.must_see_contact()?;
        let row = self.must_see_case(caller, case).await?;
        Ok(self.path_of(&caller.room, &row))
    }

    /// The agency of this slug, for the form by which anybody can complain: its room and what it is called.
    ///
    /// # Errors
    /// [`AppError::Missing`].
    pub async fn reception(&self, slug: &str) -> Result<(Arc<Room>, String)> {
        let missing = || AppError::Missing(words!("there is no such travel agency here", "没有这家旅行社"));
        let mut tx = self.app.store.read(Access::Jobs).await?;
        let agency = team::agency_of_slug(&mut tx, slug).await?.ok_or_else(missing)?;
        drop(tx);
        let room = self.app.room(agency).await?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = team::agency(&mut tx, agency).await?.ok_or_else(missing)?;
        Ok((room, row.name))
    }

    /// Opens a case of whoever filled the form; the path of its page.
    ///
    /// # Errors
    /// `bad_complaint`.
    pub fn complain<'s>(&'s self, room: &'s Arc<Room>, new: &'s NewCase) -> Soon<'s, String> {
        soon(async move {
            let id = self.open_by(room, Who::Customer, new).await?;
            let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
            let row = store::case(&mut tx, room.id, id).await?.ok_or_else(nobody)?;
            Ok(self.path_of(room, &row))
        })
    }

    /// The case that a link leads to.
    async fn of_link(&self, slug: &str, token: &str) -> Result<(Arc<Room>, CaseRow)> {
        let token = URL_SAFE_NO_PAD.decode(token).map_err(|_| nobody())?;
        let (id, signature) = token.split_at_checked(ID).ok_or_else(nobody)?;
        let id = Uuid::from_slice(id).map_err(|_| nobody())?;
        let mut tx = self.app.store.read(Access::Jobs).await?;
        let agency = team::agency_of_slug(&mut tx, slug).await?.ok_or_else(nobody)?;
        drop(tx);
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::case(&mut tx, agency, id).await?;
        drop(tx);
        // whether there is such a case takes as long to say as whether it is theirs
        let epoch = row.as_ref().map_or(0, |row| row.link_epoch);
        let is_theirs = self.app.documents.signs_case(agency, (id, epoch), signature);
        let row = row.filter(|_| is_theirs).ok_or_else(nobody)?;
        let over = row.closed_at.or(row.resolved_at);
        if over.is_some_and(|at| self.app.clock.now() - at > OPEN_FOR) {
            return Err(nobody());
        }
        Ok((self.app.room(agency).await?, row))
    }

    /// What a link shows to whoever has it.
    ///
    /// # Errors
    /// [`AppError::Missing`], whatever is wrong with the link.
    pub fn own_page<'s>(&'s self, slug: &'s str, token: &'s str) -> Soon<'s, OwnCase> {
        soon(self.read_own_page(slug, token))
    }

    async fn read_own_page(&self, slug: &str, token: &str) -> Result<OwnCase> {
        let (room, row) = self.of_link(slug, token).await?;
        let own = Caller {
            room: room.clone(),
            actor: row.id,
            scopes: vec![Scope::Read],
            masks: Vec::new(),
            rows: Rows::All,
            holder: None,
            ticket: None,
        };
        let case = self.case(&own, &row.id.to_string()).await?;
        let mut entries = self.entries(&own, &row.id.to_string(), None, MOST as usize).await?;
        entries.retain(|entry| entry.is_public);
        entries.reverse();
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let agency = team::agency(&mut tx, room.id).await?.ok_or_else(nobody)?;
        drop(tx);
        let files = self.files(&own, &row.id.to_string()).await?;
        let update = case
            .clocks
            .iter()
            .find(|clock| clock.kind == posthouse_domain::complaints::ClockKind::NextUpdate);
        Ok(OwnCase {
            agency: agency.name,
            number: case.number,
            text: row.text,
            opened_at: case.opened_at,
            next_update_at: update.and_then(|clock| clock.due_at).filter(|_| case.state.is_open()),
            is_late: update.is_some_and(|clock| clock.state == posthouse_domain::clocks::State::Breached)
                && case.state.is_open(),
            possible: case
                .possible
                .into_iter()
                .filter(|step| OF_CUSTOMERS.contains(step))
                .collect(),
            state: case.state,
            rating: case.rating,
            // what staff keep for themselves stays with them
            files: files.into_iter().filter(|file| file.told_by == "customer").collect(),
            entries,
            room,
        })
    }

    /// Does what whoever has the link may do.
    ///
    /// # Errors
    /// [`AppError::Missing`]; `wrong_state`; `bad_complaint`, `note_missing`, `bad_note`.
    pub fn act_on_own<'s>(&'s self, slug: &'s str, token: &'s str, deed: &'s Deed) -> Soon<'s, ()> {
        soon(async move {
            let (room, row) = self.of_link(slug, token).await?;
            if !OF_CUSTOMERS.contains(&deed.step()) {
                return Err(nobody());
            }
            self.act_by(&room, Who::Customer, row.id, deed, None).await
        })
    }

    /// Adds a file.
    ///
    /// # Errors
    /// [`AppError::Missing`]; as [`Complaints::attach`].
    pub fn attach_to_page<'s>(
        &'s self,
        slug: &'s str,
        token: &'s str,
        name: &'s str,
        content: Vec<u8>,
    ) -> Soon<'s, FileView> {
        debug_assert!(content.len() <= LARGEST_FILE + 1, "bounded where it comes in");
        soon(async move {
            let (room, row) = self.of_link(slug, token).await?;
            self.attach_by(&room, Who::Customer, row.id, name, content).await
        })
    }

    /// A file that the customer has sent, with its content.
    ///
    /// # Errors
    /// [`AppError::Missing`].
    pub fn own_file<'s>(&'s self, slug: &'s str, token: &'s str, nth: i32) -> Soon<'s, (FileView, Vec<u8>)> {
        soon(async move {
            let (room, row) = self.of_link(slug, token).await?;
            let found = self.content(room.id, row.id, nth).await?;
            found.filter(|(file, _)| file.told_by == "customer").ok_or_else(nobody)
        })
    }
}
