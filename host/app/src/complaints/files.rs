//! Files of cases: photographs and documents, by what they are and not by what they are called.

use super::file::{CaseFile, Note, Who, write};
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use crate::{Complaints, Room};
use posthouse_domain::normal::steers;
use posthouse_domain::{Instant, words};
use posthouse_store::Access;
use posthouse_store::complaints::{self as store, FileRow};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// Largest file, in bytes.
pub const LARGEST_FILE: usize = 10 << 20;
/// Most files of a case.
const MOST: i32 = 20;
/// Longest name, in bytes.
const LONGEST_NAME: usize = 120;
/// Widest and highest picture: a browser takes four bytes for each of its dots.
const MOST_DOTS: u32 = 12_000;

/// A file of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileView {
    /// Counts from 1.
    pub nth: i32,
    /// What whoever sent it called it.
    pub name: String,
    /// What it is by its content: `image/jpeg`, `image/png`, `image/webp`, `application/pdf`.
    pub media: String,
    /// Its size.
    pub bytes: i64,
    /// `staff` or `customer`.
    pub told_by: String,
    /// When it came, in ms since 1970.
    pub at: Instant,
}

impl From<FileRow> for FileView {
    fn from(row: FileRow) -> Self {
        Self {
            nth: row.nth,
            name: row.name,
            media: row.media,
            bytes: row.bytes,
            told_by: row.told_by,
            at: row.at,
        }
    }
}

fn bad_file(detail: posthouse_domain::Words) -> AppError {
    AppError::invalid("bad_file", detail)
}

/// What a file is by its content. Pictures and PDF as they begin and end; nothing that is something else as well, as far as a browser could take it for
/// that.
fn media(content: &[u8]) -> Option<&'static str> {
    let begins = |sign: &[u8]| content.starts_with(sign);
    let ends = |sign: &[u8]| {
        let tail = &content[content.len().saturating_sub(1_024)..];
        tail.windows(sign.len()).any(|window| window == sign)
    };
    match () {
        () if begins(b"\xff\xd8\xff") && ends(b"\xff\xd9") => Some("image/jpeg"),
        () if begins(b"\x89PNG\r\n\x1a\n") && ends(b"IEND") => Some("image/png"),
        () if begins(b"RIFF") && content.get(8..12) == Some(b"WEBP") => Some("image/webp"),
        () if begins(b"%PDF-") && ends(b"%%EOF") => Some("application/pdf"),
        () => None,
    }
}

/// How wide and high a picture says it is; none where it does not say.
fn dots(media: &str, content: &[u8]) -> Option<(u32, u32)> {
    let big = |at: usize| Some(u32::from_be_bytes(content.get(at..at + 4)?.try_into().ok()?));
    let short = |at: usize| Some(u32::from(u16::from_be_bytes(content.get(at..at + 2)?.try_into().ok()?)));
    match media {
        "image/png" => Some((big(16)?, big(20)?)),
        "image/jpeg" => {
            let mut at = 2;
            // segments, until the one that begins a frame
            while *content.get(at)? == 0xff {
                let marker = *content.get(at + 1)?;
                if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
                    return Some((short(at + 7)?, short(at + 5)?));
                }
                at += 2 + short(at + 2)?.max(2) as usize;
            }
            None
        }
        _ => Some((1, 1)),
    }
}

/// A name without the folders in it and without what cannot be seen; one that is nothing then is called by what it is.
fn shown_name(name: &str, media: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible = |sign: &char| !steers(*sign) && !matches!(sign, '"' | '<' | '>' | ':' | '|' | '?' | '*' | '%' | ';');
    let mut shown: String = last.chars().filter(visible).collect();
    while shown.len() > LONGEST_NAME {
        shown.pop();
    }
    let shown = shown.trim().trim_start_matches('.').trim().to_owned();
    match shown.is_empty() {
        true => format!("file.{}", media.rsplit('/').next().unwrap_or("bin")),
        false => shown,
    }
}

impl Complaints<'_> {
    /// Adds a file to a case. The same file again is there once.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `bad_file`, `file_empty`, `too_large`; `too_many_files`.
    pub async fn attach(&self, caller: &Caller, case: &str, name: &str, content: Vec<u8>) -> Result<FileView> {
        let row = self.must_see_case(caller, case).await?;
        self.attach_by(&caller.room, Who::Staff(caller), row.id, name, content)
            .await
    }

    pub(super) async fn attach_by(
        &self,
        room: &Arc<Room>,
        who: Who<'_>,
        case: Uuid,
        name: &str,
        content: Vec<u8>,
    ) -> Result<FileView> {
        if content.is_empty() {
            return Err(AppError::invalid("file_empty", words!("the file is empty", "文件为空")));
        }
        if content.len() > LARGEST_FILE {
            return Err(AppError::invalid(
                "too_large",
                words!("a file has 10 MiB at most", "单个文件不超过 10 MiB"),
            ));
        }
        let media = media(&content).ok_or_else(|| {
            bad_file(words!(
                "send a JPEG, PNG or WebP picture or a PDF; this is none by its content, or is not complete",
                "请上传 JPEG、PNG、WebP 图片或 PDF；此文件按内容不属于这些类型，或不完整"
            ))
        })?;
        match dots(media, &content) {
            Some((wide, high)) if (1..=MOST_DOTS).contains(&wide) && (1..=MOST_DOTS).contains(&high) => {}
            _ => {
                return Err(bad_file(words!(
                    "a picture has {MOST_DOTS} dots at most in each direction, and says how many",
                    "图片每边不超过 {MOST_DOTS} 像素，且须注明尺寸"
                )));
            }
        }
        let file = (shown_name(name, media), media, hex::encode(Sha256::digest(&content)));
        retrying!(self.try_attach(room, who, case, &file, &content))
    }

    async fn try_attach(
        &self,
        room: &Arc<Room>,
        who: Who<'_>,
        case: Uuid,
        (name, media, digest): &(String, &'static str, String),
        content: &[u8],
    ) -> Result<FileView> {
        let (agency, moment) = (room.id, self.app.segments().moment(room));
        let house = self.app.house(room).await?;
        let mut tx = self.begin(room, who).await?;
        let row = store::case(&mut tx, agency, case)
            .await?
            .ok_or(AppError::NotFound("complaint"))?;
        let known = store::files(&mut tx, agency, case).await?;
        if let Some(same) = known.into_iter().find(|file| file.digest == *digest) {
            tx.commit().await?;
            return Ok(same.into());
        }
        if row.files >= MOST {
            return Err(AppError::conflict(
                "too_many_files",
                words!("a case has {MOST} files at most", "每个案件最多 {MOST} 个文件"),
            ));
        }
        let mut open = CaseFile::open(row)?;
        open.happen(moment.now, &house);
        open.row.files += 1;
        let file = FileRow {
            nth: open.row.files,
            name: name.clone(),
            media: (*media).to_owned(),
            bytes: content.len() as i64,
            digest: digest.clone(),
            told_by: who.as_str().to_owned(),
            at: moment.now,
        };
        let note = Note {
            kind: "file",
            data: json!({"nth": file.nth, "name": file.name, "media": file.media, "bytes": file.bytes}),
            is_public: matches!(who, Who::Customer),
            ..Note::default()
        };
        let state = open.state();
        open.note(who, moment.now, state, note);
        let mut files = vec![open];
        write(&mut tx, agency, &mut files, moment.now, &house).await?;
        store::insert_file(&mut tx, agency, case, &file, content).await?;
        let detail = json!({"file": file.nth, "media": file.media});
        self.finish(tx, room, who, files, None, ("attach", detail), moment)
            .await?;
        Ok(file.into())
    }

    /// A file of a case with its content, which may say anything.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked`.
    pub async fn attachment(&self, caller: &Caller, case: &str, nth: i32) -> Result<(FileView, Vec<u8>)> {
        caller.must_see_contact()?;
        let row = self.must_see_case(caller, case).await?;
        let found = self.content(caller.room.id, row.id, nth).await?;
        found.ok_or(AppError::NotFound("attachment"))
    }

    pub(super) async fn content(&self, agency: Uuid, case: Uuid, nth: i32) -> Result<Option<(FileView, Vec<u8>)>> {
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let files = store::files(&mut tx, agency, case).await?;
        let Some(file) = files.into_iter().find(|file| file.nth == nth) else {
            return Ok(None);
        };
        let content = store::content(&mut tx, agency, case, nth).await?;
        Ok(content.map(|content| (file.into(), content)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_says_inside() {
        let png = |wide: u32| {
            let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
            png.extend(wide.to_be_bytes());
            png.extend(5_u32.to_be_bytes());
            png.extend(b"....IEND\xaeB`\x82");
            png
        };
        assert_eq!(media(&png(7)), Some("image/png"));
        assert_eq!(dots("image/png", &png(7)), Some((7, 5)));
        assert_eq!(dots("image/png", &png(4_000_000)), Some((4_000_000, 5)));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04..\xff\xc0\0\x0b\x08\0\x10\0\x20...\xff\xd9";
        assert_eq!(
            (media(jpeg), dots("image/jpeg", jpeg)),
            (Some("image/jpeg"), Some((32, 16)))
        );
        assert_eq!(media(b"%PDF-1.7 ... %%EOF\n"), Some("application/pdf"));
        for other in [
            b"<html><script>".as_slice(),
            b"GIF89a",
            b"MZ\x90",
            b"%PDF-1.7 cut",
            b"\xff\xd8\xff cut",
            b"<svg xmlns=",
            b"",
            b" %PDF-1.7 %%EOF",
            b"PK\x03\x04 %PDF-1.7 %%EOF",
        ] {
            assert_eq!(media(other), None, "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn names_lead_nowhere() {
        for (sent, shown) in [
            ("../../etc/passwd", "passwd"),
            (r"C:\photos\湖景.jpg", "湖景.jpg"),
            ("..", "file.jpeg"),
            ("a\u{202e}gpj.exe", "agpj.exe"),
            ("x\"; filename=\"y\n.jpg", "x filename=y.jpg"),
            (".htaccess", "htaccess"),
            ("", "file.jpeg"),
        ] {
            assert_eq!(shown_name(sent, "image/jpeg"), shown, "{sent:?}");
        }
    }
}
