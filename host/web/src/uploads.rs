//! The parts of an upload: the file streamed to disk, its digest taken on the way, and the texts beside it.

use crate::Http;
use crate::bodies::{Pace, broken_off};
use crate::problem::{Answer, Problem};
use crate::shown;
use axum::body::{Body, Bytes};
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use futures_util::{StreamExt, stream};
use posthouse_domain::words;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::Poll;

/// Room for what is around the file in an upload, texts among it.
pub const ENVELOPE: usize = 512 << 10;

/// Longest text beside a file.
const TEXT: usize = 256 << 10;
/// How much the parser takes in at once, about.
const BREATH: usize = 256 << 10;
/// Most bytes that wait in the parser for a part to begin or to be read.
const UNREAD: usize = 4 << 20;

/// A file on disk until it is kept in the database. It has no name there, so that nothing is left of it however the server ends.
#[derive(Debug)]
pub struct Received {
    /// The file.
    pub file: std::fs::File,
    /// Its name as sent.
    pub name: String,
    /// SHA-256 of its bytes in hex.
    pub digest: String,
    /// Its length in bytes.
    pub size: u64,
    /// The texts that came with it, by their parts.
    pub texts: BTreeMap<&'static str, String>,
}

/// What is expected of an upload.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'e> {
    /// Limits and patience.
    pub http: &'e Http,
    /// Where the file is while it comes.
    pub folder: &'e Path,
    /// The parts beside `file`.
    pub texts: &'static [&'static str],
}

/// Takes the parts of an upload.
///
/// # Errors
/// `bad_multipart`, `file_missing`, `too_many_files`, `unknown_part`, `bad_mapping`, `body_too_large`, `upload_stalled`, `body_incomplete`.
pub async fn receive(expected: Expected<'_>, request: Request) -> Answer<Received> {
    let coming = Coming {
        expected,
        unread: Unread::default(),
        pace: Pace::of_pieces(expected.http),
    };
    let request = request.map(|body| paced(body, coming.unread.clone()));
    let mut parts = Multipart::from_request(request, &()).await.map_err(|e| {
        let detail = words!(
            "the upload is not multipart/form-data: {problem}",
            "上传的内容不是 multipart/form-data，或 Content-Type 中缺少 boundary",
            problem = e.body_text()
        );
        Problem::bad("bad_multipart", detail)
    })?;
    let mut received = None;
    let mut texts = BTreeMap::new();
    while let Some(field) = coming.in_time(parts.next_field()).await? {
        let name = field.name().unwrap_or_default();
        let text = expected.texts.iter().copied().find(|text| *text == name);
        match (name, text) {
            ("file", _) if received.is_none() => received = Some(keep(&coming, field).await?),
            ("file", _) => {
                return Err(Problem::unprocessable(
                    "too_many_files",
                    words!("send one file at a time", "一次请发送一个文件"),
                ));
            }
            (_, Some(text)) if !texts.contains_key(text) => {
                texts.insert(text, read_text(&coming, field).await?);
            }
            (_, Some(text)) => {
                return Err(Problem::unprocessable(
                    "too_many_files",
                    words!("send one {text} at a time", "一次请发送一个 {text}"),
                ));
            }
            (other, None) => {
                let detail = words!(
                    "part {other:?} is not known; send the file as the part `file`, its mapping as `mapping`",
                    "无法识别名为 {other:?} 的部分；文件请用 `file`，映射请用 `mapping`",
                    other = shown(other)
                );
                return Err(Problem::unprocessable("unknown_part", detail));
            }
        }
    }
    let received = received.ok_or_else(|| {
        Problem::unprocessable(
            "file_missing",
            words!(
                "the request has no part `file`; send the file as that part of multipart/form-data",
                "请求中没有名为 `file` 的部分；请以 multipart/form-data 的 `file` 发送文件"
            ),
        )
    })?;
    Ok(Received { texts, ..received })
}

async fn read_text(coming: &Coming<'_>, mut field: Field<'_>) -> Answer<String> {
    let mut bytes = Vec::new();
    while let Some(piece) = coming.next_piece(&mut field).await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > TEXT {
            return Err(Problem::unprocessable(
                "bad_mapping",
                words!("the mapping is longer than 256 KiB", "映射超过 256 KiB"),
            ));
        }
    }
    String::from_utf8(bytes)
        .map_err(|_| Problem::unprocessable("bad_mapping", words!("the mapping is not UTF-8", "映射不是 UTF-8")))
}

/// An upload while it comes.
struct Coming<'e> {
    expected: Expected<'e>,
    unread: Unread,
    pace: Pace,
}

impl Coming<'_> {
    /// What comes next of a part.
    async fn next_piece(&self, field: &mut Field<'_>) -> Answer<Option<Bytes>> {
        let piece = self.in_time(field.chunk()).await?;
        self.unread.read(piece.as_ref().map_or(0, Bytes::len));
        Ok(piece)
    }

    /// What the parser finds next; the client has to send it in time.
    async fn in_time<T>(&self, next: impl Future<Output = Result<T, MultipartError>>) -> Answer<T> {
        let next = tokio::time::timeout_at(self.pace.deadline(self.unread.arrived()), next);
        let next = next.await.map_err(|_| self.pace.stalled("upload_stalled"))?;
        next.map_err(|e| broken(self.expected.http, &self.unread, &e))
    }
}

/// Streams a part to disk, taking its digest on the way.
async fn keep(coming: &Coming<'_>, mut field: Field<'_>) -> Answer<Received> {
    let failed = |error: std::io::Error| Problem::of_file(&error);
    let name = field.file_name().unwrap_or("upload.csv").to_owned();
    let folder = coming.expected.folder.to_owned();
    let blocking = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&folder)?;
        tempfile::tempfile_in(&folder)
    });
    let temporary = blocking.await.map_err(|_| Problem::internal())?.map_err(failed)?;
    let mut file = tokio::fs::File::from_std(temporary.try_clone().map_err(failed)?);
    let (mut hash, mut size) = (Sha256::new(), 0u64);
    while let Some(piece) = coming.next_piece(&mut field).await? {
        hash.update(&piece);
        size += piece.len() as u64;
        tokio::io::AsyncWriteExt::write_all(&mut file, &piece)
            .await
            .map_err(failed)?;
    }
    tokio::io::AsyncWriteExt::flush(&mut file).await.map_err(failed)?;
    Ok(Received {
        file: temporary,
        name,
        digest: hex::encode(hash.finalize()),
        size,
        texts: BTreeMap::new(),
    })
}

fn broken(http: &Http, unread: &Unread, error: &MultipartError) -> Problem {
    match error.status() {
        _ if unread.too_much() => Problem::bad(
            "bad_multipart",
            words!(
                "no part of multipart/form-data begins where one should; send the file as the part `file`",
                "上传内容中找不到 multipart/form-data 的分段；请把文件放在 `file` 部分发送"
            ),
        ),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(http.upload_bytes),
        StatusCode::BAD_REQUEST => Problem::bad(
            "bad_multipart",
            words!(
                "the upload is not whole multipart/form-data: {body_text}; send it again",
                "上传的 multipart/form-data 不完整或写法有误；请重新发送",
                body_text = error.body_text()
            ),
        ),
        _ => broken_off(),
    }
}

/// How many bytes the parser holds that no part has given out yet, and how many have come in all.
#[derive(Debug, Clone, Default)]
struct Unread(Arc<AtomicUsize>, Arc<AtomicU64>);

impl Unread {
    fn came(&self, bytes: usize) {
        self.0.fetch_add(bytes, Relaxed);
        self.1.fetch_add(bytes as u64, Relaxed);
    }

    fn arrived(&self) -> u64 {
        self.1.load(Relaxed)
    }

    fn read(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Relaxed);
    }

    fn too_much(&self) -> bool {
        self.0.load(Relaxed) > UNREAD
    }
}

/// A body as its parser needs it. The parser takes in whatever is there before it gives anything out, so a quick sender would fill the
/// memory: it gets so much in one breath. It holds what came until a part begins, so a body in which none does breaks off. And it asks twice before it looks once: were the last bytes and the end of the body to come
/// between, it would call the body incomplete without having looked at them. So the end never follows a piece in one breath.
fn paced(body: Body, unread: Unread) -> Body {
    let mut pieces = body.into_data_stream().fuse();
    let mut had_piece = false;
    let mut breath = 0;
    Body::from_stream(stream::poll_fn(move |context| {
        if unread.too_much() {
            return Poll::Ready(Some(Err(axum::Error::new(std::io::Error::other("no part begins")))));
        }
        if breath >= BREATH {
            breath = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Poll::Ready(next) = pieces.poll_next_unpin(context) else {
            breath = 0;
            return Poll::Pending;
        };
        if next.is_none() && std::mem::take(&mut had_piece) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        had_piece = next.is_some();
        if let Some(Ok(piece)) = &next {
            unread.came(piece.len());
            breath += piece.len();
        }
        Poll::Ready(next)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str =
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nphone\r\n--x--\r\n";

    /// A body that comes as this plan says: nothing yet, or a piece.
    fn planned(plan: Vec<Option<&'static str>>) -> Body {
        let mut plan = plan.into_iter();
        Body::from_stream(stream::poll_fn(move |context| match plan.next() {
            Some(None) => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Some(piece)) => Poll::Ready(Some(Ok::<_, std::io::Error>(Bytes::from(piece)))),
            None => Poll::Ready(None),
        }))
    }

    async fn uploaded(body: Body) -> Result<String, MultipartError> {
        let mut request = Request::post("/")
            .header("content-type", "multipart/form-data; boundary=x")
            .body(body)
            .unwrap();
        axum::extract::DefaultBodyLimit::disable().apply(&mut request);
        let mut parts = Multipart::from_request(request, &()).await.unwrap();
        let mut text = String::new();
        while let Some(field) = parts.next_field().await? {
            text += &field.text().await?;
        }
        Ok(text)
    }

    #[tokio::test]
    async fn a_body_is_whole_however_its_pieces_and_its_end_come() {
        for cut in 0..=FORM.len() {
            let (first, last) = FORM.split_at(cut);
            for waits in 0..16 {
                let wait = |at: u32| std::iter::repeat_n(None, (waits >> at) & 1);
                let plan: Vec<_> = wait(0)
                    .chain(wait(1))
                    .chain([Some(first)])
                    .chain(wait(2))
                    .chain([Some(last)])
                    .chain(wait(3))
                    .collect();
                let body = paced(planned(plan), Unread::default());
                assert_eq!(uploaded(body).await.unwrap(), "phone", "cut at {cut}, waits {waits:b}");
            }
        }
    }

    #[tokio::test]
    async fn a_quick_sender_does_not_fill_the_memory() {
        const PIECES: usize = 512;
        let piece = Bytes::from_static(&[b'x'; 64 << 10]);
        let head = FORM.split_inclusive("\r\n\r\n").next().unwrap();
        let whole = std::iter::once(Bytes::from(head))
            .chain(std::iter::repeat_n(piece, PIECES))
            .chain([Bytes::from("\r\n--x--\r\n")]);
        let unread = Unread::default();
        let most = Arc::new(AtomicUsize::new(0));
        let (seen, held) = (Arc::clone(&most), unread.clone());
        // every piece is there as soon as it is asked for
        let pieces = stream::iter(whole).map(move |piece| {
            seen.fetch_max(held.0.load(Relaxed), Relaxed);
            Ok::<_, std::io::Error>(piece)
        });
        let mut request = Request::post("/")
            .header("content-type", "multipart/form-data; boundary=x")
            .body(paced(Body::from_stream(pieces), unread.clone()))
            .unwrap();
        axum::extract::DefaultBodyLimit::disable().apply(&mut request);
        let mut parts = Multipart::from_request(request, &()).await.unwrap();
        let mut field = parts.next_field().await.unwrap().unwrap();
        let mut size = 0;
        while let Some(piece) = field.chunk().await.unwrap() {
            unread.read(piece.len());
            size += piece.len();
        }
        assert_eq!(size, PIECES * (64 << 10));
        assert!(most.load(Relaxed) <= 4 * BREATH, "{most:?}");
    }

    #[tokio::test]
    async fn a_body_without_parts_is_not_kept() {
        let unread = Unread::default();
        let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b'-'; 64 << 10])));
        assert!(
            uploaded(paced(Body::from_stream(endless), unread.clone()))
                .await
                .is_err()
        );
        assert!(unread.too_much());
        assert!(unread.0.load(Relaxed) <= UNREAD + (64 << 10));
    }
}
