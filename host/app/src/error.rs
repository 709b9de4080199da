//! What a use-case answers when it cannot do what was asked.

use posthouse_domain::{Rejection, Words, words};
use posthouse_engine::LoadError;
use posthouse_store::unique::UniqueKey;
use posthouse_store::{StoreError, dialect};
use std::pin::Pin;
use std::time::Duration;

/// What went wrong, by whose fault.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// There is no such thing, or it is another agency's.
    #[error("{}", no_such(.0))]
    NotFound(&'static str),
    /// There is no such thing, with what there is.
    #[error("{0}")]
    Missing(Words),
    /// The request cannot be carried out as it stands.
    #[error("{0}")]
    Invalid(Rejection),
    /// The request does not fit the present state.
    #[error("{0}")]
    Conflict(Rejection),
    /// Nobody is known by this key.
    #[error("{}", key_unknown())]
    Unauthorised,
    /// The key may not do this.
    #[error("{}", words!("this takes the scope {scope}, which the API key or role does not have; use one that has it", "此操作需要权限 {scope}，当前 API 密钥或角色没有；请换用有此权限的", scope = .0))]
    Forbidden(&'static str),
    /// The key may do this, but not with what the request names.
    #[error("{0}")]
    Denied(Rejection),
    /// Too much at once; the same request may succeed later.
    #[error("{0}")]
    Busy(Rejection),
    /// This host cannot do what it should be able to. Nothing is wrong with the request.
    #[error("{0}")]
    Unable(Rejection),
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
    /// A defect of the host.
    #[error("internal: {0}")]
    Internal(String),
}

impl AppError {
    /// The request cannot be carried out as it stands.
    pub fn invalid(code: &'static str, detail: Words) -> Self {
        Self::Invalid(Rejection::new(code, detail))
    }

    /// The request does not fit the present state.
    pub fn conflict(code: &'static str, detail: Words) -> Self {
        Self::Conflict(Rejection::new(code, detail))
    }

    /// A stored document cannot be read back.
    pub(crate) fn corrupt(what: &'static str) -> impl FnOnce(serde_json::Error) -> Self {
        move |error| StoreError::corrupt(what)(error).into()
    }

    /// Whether this unique key, and no other, has the value already.
    pub(crate) fn is_duplicate_of(&self, key: UniqueKey) -> bool {
        matches!(self, Self::Store(error) if error.is_duplicate_of(key))
    }

    /// Whether the same transaction may succeed when tried again.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }

    /// Whether what was asked for may be done another time, as nothing is wrong with it.
    pub fn will_pass(&self) -> bool {
        match self {
            Self::Busy(_) => true,
            Self::Store(error) => {
                error.is_transient()
                    || matches!(
                        error,
                        StoreError::Overloaded | StoreError::InDoubt(_) | StoreError::Full(_)
                    )
            }
            _ => false,
        }
    }

    /// Whether it is not known what became of the transaction.
    pub fn is_in_doubt(&self) -> bool {
        matches!(self, Self::Store(StoreError::InDoubt(_)))
    }
}

impl AppError {
    /// A cursor that no page of this list has given.
    pub(crate) fn bad_cursor() -> Self {
        Self::invalid(
            "bad_cursor",
            words!(
                "the cursor is not one of this list; start again without it",
                "游标不属于此列表；请去掉游标重新开始"
            ),
        )
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::BadText => Self::invalid(
                "bad_text",
                words!(
                    "the text has a NUL character; leave it out",
                    "文本中含有 NUL 字符；请去掉"
                ),
            ),
            other => Self::Store(other),
        }
    }
}

impl From<Rejection> for AppError {
    fn from(rejection: Rejection) -> Self {
        Self::Invalid(rejection)
    }
}

impl From<LoadError> for AppError {
    fn from(error: LoadError) -> Self {
        let code = error.code().to_owned();
        match error {
            LoadError::QueueFull { .. } | LoadError::NoCompiler => Self::Busy(Rejection {
                code,
                detail: Words::of(&error),
            }),
            LoadError::Refused(refusal) => Self::Invalid(Rejection {
                code,
                detail: refusal.detail,
            }),
        }
    }
}

fn key_unknown() -> Words {
    words!(
        "the API key is not known; create one with `posthouse agency create`, and send it as Authorization: Bearer KEY",
        "API 密钥无效；用 `posthouse agency create` 创建，并以 Authorization: Bearer KEY 发送"
    )
}

fn no_such(name: &'static str) -> Words {
    let thing = thing(name);
    // a word in Latin letters stands apart from the Chinese ones
    let gap = if thing.zh.starts_with(|first: char| first.is_ascii()) {
        " "
    } else {
        ""
    };
    words!("there is no such {thing}", "没有这个{gap}{thing}")
}

/// What can be looked for and not be there, by its English name.
pub fn thing(name: &'static str) -> Words {
    let zh = THINGS.iter().find(|(en, _)| *en == name).map_or(name, |(_, zh)| zh);
    Words {
        en: name.to_owned(),
        zh: zh.to_owned(),
    }
}

const THINGS: [(&str, &str); 38] = [
    ("adjustment", "调整单"),
    ("agency", "旅行社"),
    ("amendment", "变更"),
    ("attachment", "附件"),
    ("attribute", "属性"),
    ("binding", "绑定"),
    ("branch", "门店"),
    ("calendar", "日历"),
    ("campaign", "活动"),
    ("compensation", "补偿"),
    ("complaint", "案件"),
    ("coupon", "优惠券"),
    ("coupon batch", "券批次"),
    ("crisis", "危机"),
    ("customer", "客户"),
    ("decision", "决策"),
    ("desk", "处理组"),
    ("document", "证件"),
    ("extension point", "扩展点"),
    ("import", "导入任务"),
    ("key", "密钥"),
    ("member", "会员"),
    ("occasion", "积分事件"),
    ("person", "员工"),
    ("plugin", "插件"),
    ("preview", "预览"),
    ("programme", "会员计划"),
    ("quote", "报价"),
    ("redemption", "兑换单"),
    ("referral", "推荐"),
    ("reward", "奖励"),
    ("role", "角色"),
    ("segment", "分群"),
    ("session", "会话"),
    ("stacking group", "叠加组"),
    ("task", "任务"),
    ("thing", "内容"),
    ("webhook", "Webhook"),
];

/// What use-cases return.
pub type Result<T> = std::result::Result<T, AppError>;

/// Tries a transaction again while it loses against others, a bounded number of times. One in doubt is not tried again.
macro_rules! retrying {
    ($attempt:expr) => {
        crate::error::while_it_may!($attempt, crate::error::AppError::is_transient)
    };
}
pub(crate) use retrying;

/// The same for a transaction that may be done twice and comes to the same: one in doubt is tried again as well.
macro_rules! repeating {
    ($attempt:expr) => {{
        let mut doubt = None;
        let result = crate::error::while_it_may!(
            async {
                let attempt = $attempt.await;
                match attempt {
                    Err(error) if error.is_in_doubt() => {
                        doubt = Some(error);
                        Err(crate::error::AppError::from(posthouse_store::StoreError::Overtaken))
                    }
                    attempt => attempt,
                }
            },
            crate::error::AppError::is_transient
        );
        match (result, doubt) {
            // what came of an earlier attempt is still not known
            (Err(error), Some(doubt)) if error.will_pass() => Err(doubt),
            (result, _) => result,
        }
    }};
}
pub(crate) use repeating;

macro_rules! while_it_may {
    ($attempt:expr, $may:expr) => {{
        let mut tries = crate::error::Tries::default();
        loop {
            match crate::error::soon($attempt).await {
                Err(error) if ($may)(&error) => {
                    let Some(pause) = tries.pause_after(&error) else {
                        break Err(error);
                    };
                    tracing::debug!(%error, ?tries, "trying again");
                    tokio::time::sleep(pause).await;
                }
                result => break result,
            }
        }
    }};
}
pub(crate) use while_it_may;

/// A future whose type ends here: whoever waits for it is compiled without it.
pub(crate) type Soon<'s, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 's>>;

/// An attempt at a transaction. Doors are compiled for every future that they wait for; a box for each attempt costs nothing beside its commit.
pub(crate) fn soon<'s, T>(attempt: impl Future<Output = Result<T>> + Send + 's) -> Soon<'s, T> {
    Box::pin(attempt)
}

/// How often a transaction may lose.
const MOST_LOST: u32 = 6;
/// How often it may wait for a lock in vain: for 10 s, as for a connection.
const MOST_WAITS: u32 = 10_000 / dialect::LOCK_MILLIS;

/// How often a transaction was tried in vain.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    lost: u32,
    waits: u32,
}

impl Tries {
    /// How long to leave it alone after it failed with this; `None` if it is not to be tried again.
    pub(crate) fn pause_after(&mut self, error: &AppError) -> Option<Duration> {
        if matches!(error, AppError::Store(StoreError::Locked)) {
            self.waits += 1;
            // it has waited where the lock is, and whoever is there when that comes free has it
            return (self.waits < MOST_WAITS).then_some(Duration::from_millis(5));
        }
        self.lost += 1;
        (self.lost <= MOST_LOST).then(|| Duration::from_millis(5 << self.lost))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use posthouse_store::{Access, Store, intake};
    use std::sync::mpsc;
    use std::time::Instant;
    use uuid::Uuid;

    /// A host that holds an agency's lock, while two more of its transactions wait for that, and is frozen then. It thaws when what is returned goes.
    fn frozen(address: &str, agency: Uuid) -> mpsc::Sender<()> {
        let (thaw, thawed) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let address = address.to_owned();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let held = runtime.block_on(async {
                let host = Store::open(&address).await.unwrap();
                let mut holding = host.write(Access::Agency(agency)).await.unwrap();
                intake::lock(&mut holding, agency).await.unwrap();
                for _ in 0..2 {
                    let mut waiting = host.write(Access::Agency(agency)).await.unwrap();
                    tokio::spawn(async move { intake::lock(&mut waiting, agency).await.map(|_| waiting) });
                }
                let all_wait = tokio::task::spawn_blocking(move || {
                    let count = "SELECT count(*) FROM pg_stat_activity
                                 WHERE datname = current_database() AND wait_event_type = 'Lock'";
                    while posthouse_tests::postgres::sql(&address, count) != "2" {}
                });
                all_wait.await.unwrap();
                holding
            });
            tell.send(()).unwrap();
            // nobody looks after its connections any more
            let _ = thawed.recv();
            let _inside = runtime.enter();
            drop(held);
        });
        told.recv().unwrap();
        thaw
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_a_frozen_host_had_begun_ends_together() {
        let address = posthouse_tests::postgres::database();
        let store = Store::open(&address).await.unwrap();
        let (agency, _) = testing::agency(&store, "three").await;
        let at = address.clone();
        let thaw = tokio::task::spawn_blocking(move || frozen(&at, agency)).await.unwrap();
        let began = Instant::now();
        let locked = retrying!(async {
            let mut tx = store.write(Access::Agency(agency)).await?;
            intake::lock(&mut tx, agency).await?;
            Ok::<_, AppError>(tx.commit().await?)
        });
        let took = began.elapsed();
        drop(thaw);
        locked.unwrap();
        assert!(took < Duration::from_secs(2), "a healthy host waited for {took:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_computes_for_long_is_waited_for() {
        let store = Store::open(&posthouse_tests::postgres::database()).await.unwrap();
        let (agency, _) = testing::agency(&store, "slow").await;
        let mut computing = store.write(Access::Agency(agency)).await.unwrap();
        intake::lock(&mut computing, agency).await.unwrap();
        let other = store.clone();
        let waiting = tokio::spawn(async move {
            retrying!(async {
                let mut tx = other.write(Access::Agency(agency)).await?;
                Ok::<_, AppError>(intake::lock(&mut tx, agency).await?)
            })
        });
        let long = tokio::time::sleep(Duration::from_secs(5));
        dialect::awake(&mut computing, long).await.unwrap();
        intake::next_change(&mut computing, agency).await.unwrap();
        assert!(!waiting.is_finished());
        computing.commit().await.unwrap();
        assert_eq!(waiting.await.unwrap().unwrap(), 1, "after what was computed");
    }

    #[test]
    fn losing_is_soon_enough_and_waiting_for_ten_seconds() {
        let pauses = |error: fn() -> StoreError| {
            let mut tries = Tries::default();
            std::iter::from_fn(|| tries.pause_after(&AppError::Store(error()))).count()
        };
        assert_eq!(pauses(|| StoreError::Overtaken), 6);
        assert_eq!(pauses(|| StoreError::Locked), 24);
    }

    #[test]
    fn a_text_that_cannot_be_kept_is_said_in_both_languages() {
        let AppError::Invalid(Rejection { code, detail }) = AppError::from(StoreError::BadText) else {
            panic!("the sender's mistake");
        };
        assert_eq!(
            (code.as_str(), detail.en),
            ("bad_text", StoreError::BadText.to_string())
        );
        assert!(detail.zh.contains("NUL 字符"), "{}", detail.zh);
    }
}
