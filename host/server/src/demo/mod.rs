//! The demo: a made-up agency with realistic customers and the reference plugins in force. The same seed makes the same agency.

mod agreed;
mod calendar;
mod campaigns;
mod colleagues;
mod complaints;
mod files;
mod introduction;
mod last_year;
mod logins;
mod members;
mod plugins;
mod shop;
mod tasks;
mod today;
mod trip;

use crate::config::Config;
use crate::house;
use crate::output::{Failure, counted};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use posthouse_app::clock::{SystemClock, SystemEntropy};
use posthouse_app::intake::MOST_EVENTS;
use posthouse_app::samples::story;
use posthouse_app::team::{self, Caller, NewAgency, NewKey, Scope, create_agency};
use posthouse_app::{App, Store};
use posthouse_domain::{Clock, Day, Words, words};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;
use uuid::Uuid;

/// Where the demo keeps its data unless it is told otherwise: never where a real server has its own.
pub(crate) const DATABASE: &str = "sqlite:data/demo.db";
/// Below the data folder: what was made, and its key. For the owner only.
const STATE: &str = "demo.json";
const SLUG: &str = "demo";
/// Where the customers' stories are from.
const SOURCE: &str = "demo";

/// What is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    /// Throw the earlier data away.
    pub(crate) fresh: bool,
    /// How many customers.
    pub(crate) customers: u32,
    /// The same seed makes the same agency.
    pub(crate) seed: u64,
}

/// What was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    database: String,
    seed: u64,
    customers: u32,
    /// The day on which it was made; stories are told up to it.
    today: Day,
    api_key: String,
    /// The key that agrees to what that one plans.
    #[serde(default)]
    approver_key: Option<String>,
    /// Whether somebody has heard the passwords of the two who can sign in.
    #[serde(default)]
    logins_told: bool,
    /// A coupon that nobody has used.
    #[serde(default)]
    coupon: Option<String>,
    /// The campaign of that coupon.
    #[serde(default)]
    coupon_of: Option<Uuid>,
    /// Whether customers have asked for the prices of the campaigns in force.
    #[serde(default)]
    campaigns: bool,
    /// The day up to which members have joined and earned.
    #[serde(default)]
    members_until: Option<Day>,
    /// Whether all of it is there.
    complete: bool,
}

/// An agency that is there, with or without its data.
pub(crate) struct Prepared {
    state: State,
    path: PathBuf,
}

/// Everything is there.
pub(crate) struct Seeded {
    state: State,
    path: PathBuf,
    /// Who can sign in.
    logins: Vec<logins::Login>,
    bindings: Vec<String>,
    /// Keys of the campaigns in force.
    campaigns: Vec<String>,
    /// A trip that costs somebody less than its list price.
    trip: Option<trip::Trip>,
}

/// Makes the agency, or finds the one made earlier.
///
/// # Errors
/// A database that is not the demo's, or that cannot be opened.
pub(crate) async fn prepare(config: &Config, wish: &Wish) -> Result<Prepared, Failure> {
    // two demos on one database would not end well, and --fresh deletes it
    drop(std::net::TcpListener::bind(&config.listen).map_err(|e| {
        Failure::failed(words!(
            "cannot listen on {address}: {e}; stop the other server, or choose another address with --listen",
            "无法监听 {address}：{e}；请停止另一个服务器，或用 --listen 换一个地址",
            address = config.listen
        ))
    })?);
    let path = config.in_data(Path::new(STATE));
    let mut earlier = read(&path)?;
    if wish.fresh {
        throw_away(config, &path, earlier.take()).await?;
    }
    if let Some(state) = earlier {
        if state.database != config.database {
            return Err(Failure::failed(words!(
                "{path} belongs to a demo in {database}; start it with that --database, or set another data folder (POSTHOUSE_DATA)",
                "{path} 属于 {database} 中的演示；请用那个 --database 启动，或另设数据目录（POSTHOUSE_DATA）",
                path = path.display(),
                database = crate::config::hide_password(&state.database)
            )));
        }
        if (state.seed, state.customers) != (wish.seed, wish.customers) && !state.complete {
            return Err(Failure::usage(words!(
                "an earlier start was interrupted before all {customers} customers of seed {seed} were created; finish it with --customers {customers} --seed {seed}, or begin anew with --fresh",
                "上次启动中断，种子 {seed} 的 {customers} 位客户未全部生成；请用 --customers {customers} --seed {seed} 继续，或用 --fresh 重新生成",
                customers = state.customers,
                seed = state.seed
            )));
        }
        if (state.seed, state.customers) != (wish.seed, wish.customers) {
            say(&words!(
                "The demo's data exists already ({customers} customers, seed {seed}); --fresh creates it anew.",
                "演示数据已存在（{customers} 位客户，种子 {seed}）；用 --fresh 重新生成。",
                customers = state.customers,
                seed = state.seed
            ));
        }
        return Ok(Prepared { state, path });
    }
    let store = house::open_store(config).await?;
    let others = others(&store).await?;
    if !others.is_empty() {
        store.close().await;
        return Err(holds_others(config, &others));
    }
    let new = NewAgency {
        slug: SLUG.into(),
        name: "丝路旅行社 Silk Road Travel".into(),
        time_zone: "Asia/Shanghai".into(),
        currency: "CNY".into(),
        country: "CN".into(),
    };
    let made = create_agency(&store, new, SystemClock.now(), &SystemEntropy).await;
    store.close().await;
    let (_, api_key) = made.map_err(|error| {
        let failure = Failure::from(error);
        if failure.code == "slug_taken" {
            Failure::failed(words!(
                "{database} has an agency {SLUG} whose key is lost; name another --database",
                "{database} 中已有旅行社 {SLUG}，但其密钥已丢失；请用 --database 另指定一个",
                database = config.database_shown()
            ))
        } else {
            failure
        }
    })?;
    let today = posthouse_domain::time::day_of(
        house::clock(&config.clock)?.now(),
        "Asia/Shanghai".parse().map_err(Failure::failed)?,
    );
    let state = State {
        database: config.database.clone(),
        seed: wish.seed,
        customers: wish.customers,
        today,
        api_key,
        approver_key: None,
        logins_told: false,
        coupon: None,
        coupon_of: None,
        campaigns: false,
        members_until: None,
        complete: false,
    };
    write(&path, &state)?;
    Ok(Prepared { state, path })
}

fn read(path: &Path) -> Result<Option<State>, Failure> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|e| {
            Failure::failed(words!(
                "{path} is damaged: {e}; delete it and the demo's database",
                "{path} 已损坏：{e}；请删除它和演示数据库",
                path = path.display()
            ))
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::failed(words!(
            "{path} cannot be read: {error}",
            "{path} 无法读取：{error}",
            path = path.display()
        ))),
    }
}

fn write(path: &Path, state: &State) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(state).map_err(Failure::failed)?;
    let _ = std::fs::remove_file(path);
    write_private(path, &text)
}

/// Writes a file that is its owner's only.
fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    house::write_private(path, text).map_err(|e| {
        let path = path.display();
        Failure::failed(words!("{path} cannot be written: {e}", "{path} 无法写入：{e}"))
    })
}

/// Says something on the way.
fn say(words: &Words) {
    let _ = writeln!(std::io::stderr(), "{words}");
}

/// Seconds since then, as they are said.
fn seconds(began: Instant) -> String {
    format!("{:.1}", began.elapsed().as_secs_f64())
}

/// The agencies of a database that are not the demo's.
async fn others(store: &Store) -> Result<Vec<String>, Failure> {
    let agencies = team::agencies(store).await?.into_iter().map(|agency| agency.slug);
    Ok(agencies.filter(|slug| slug != SLUG).collect())
}

fn holds_others(config: &Config, others: &[String]) -> Failure {
    Failure::usage(words!(
        "{database} holds other agencies ({en}); the demo takes a database of its own, name another --database",
        "{database} 中有其他旅行社（{zh}）；演示须用单独的数据库，请用 --database 另指定一个",
        database = config.database_shown(),
        en = others.join(", "),
        zh = others.join("、")
    ))
}

/// Deletes the demo's database, and nothing that is not the demo's.
async fn throw_away(config: &Config, path: &Path, earlier: Option<State>) -> Result<(), Failure> {
    let Some(file) = config.embedded_file() else {
        return Err(Failure::usage(words!(
            "--fresh deletes embedded databases only; name an empty PostgreSQL database instead",
            "--fresh 只能删除内嵌数据库；请改为指定一个空的 PostgreSQL 数据库"
        )));
    };
    let ours = earlier.is_some_and(|state| state.database == config.database) || config.database == DATABASE;
    if !ours && file.exists() {
        return Err(Failure::usage(words!(
            "{file} was not created by the demo and is not deleted; name another --database",
            "{file} 不是演示创建的，没有删除；请用 --database 另指定一个",
            file = file.display()
        )));
    }
    if file.exists() {
        match house::open_store(config).await {
            Ok(store) => {
                let others = others(&store).await;
                store.close().await;
                let others = others?;
                if !others.is_empty() {
                    return Err(holds_others(config, &others));
                }
            }
            // damaged, or made by another build: to begin anew is the cure where nobody but the demo has a database
            Err(_) if config.database == DATABASE => {}
            Err(error) => return Err(error.into()),
        }
    }
    for end in ["", "-wal", "-shm"] {
        remove(Path::new(&format!("{}{end}", file.display())))?;
    }
    remove(path)
}

fn remove(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::failed(words!(
            "{path} cannot be deleted: {error}",
            "{path} 无法删除：{error}",
            path = path.display()
        ))),
        _ => Ok(()),
    }
}

/// Lets members earn for two years, tells everyone's story, holds the festival of a year ago, puts the reference plugins into force, and runs campaigns. What an
/// interrupted start has done is known.
///
/// # Errors
/// Failures of the app.
pub(crate) async fn seed(config: &Config, prepared: Prepared) -> Result<(App, Seeded), Failure> {
    let Prepared { mut state, path } = prepared;
    let mut app = house::open(config).await?;
    let mut caller = app.team().authenticate(&state.api_key).await?;
    if state.approver_key.is_none() {
        let approver = NewKey {
            name: "approver",
            scopes: &[Scope::Approvals, Scope::Read],
            holder: None,
        };
        state.approver_key = Some(app.team().create_key(&caller, approver).await?.1);
        write(&path, &state)?;
    }
    let uploaded = plugins::upload(&app, &caller).await?;
    if !state.complete && state.members_until != Some(state.today) {
        // the server is stopped while the clock stands in the past
        app.stop().await;
        members::live(config, &mut state, &path, &uploaded).await?;
        app = house::open(config).await?;
        caller = app.team().authenticate(&state.api_key).await?;
    }
    if !state.complete {
        tell(&app, &caller, &state).await?;
    }
    let offers = plugins::offers(&uploaded);
    if !state.complete && plugins::bound(&app, &caller).await?.is_empty() {
        // the server is stopped while the clock stands in the past
        app.stop().await;
        last_year::hold(config, &state, &offers).await?;
        app = house::open(config).await?;
        caller = app.team().authenticate(&state.api_key).await?;
    }
    let bindings = plugins::bind(&app, &caller, &uploaded).await?;
    if !offers.is_empty() {
        season(&app, &mut state, &path, &offers).await?;
    }
    let logins = logins::make(&app, &caller, &state).await?;
    if !state.complete {
        colleagues::make(&app, &caller).await?;
        // the server is stopped while the clock stands in the past
        let now = app.now();
        app.stop().await;
        complaints::open(config, &state, &uploaded, now).await?;
        app = house::open(config).await?;
        caller = app.team().authenticate(&state.api_key).await?;
    }
    tasks::write_down(&app, &caller).await?;
    files::send(&app, &caller).await?;
    let trip = trip::find(&app, &caller, &state, config).await?;
    let campaigns = today::running(&app, &caller).await?;
    if !state.complete {
        state.complete = true;
        write(&path, &state)?;
    }
    let seeded = Seeded {
        state,
        path,
        logins,
        bindings,
        campaigns,
        trip,
    };
    Ok((app, seeded))
}

/// Puts the campaigns of the day into force, and has customers ask for their prices where they have not. What was begun is noted before
/// it is done, so that an interrupted start is finished by the next one.
async fn season(app: &App, state: &mut State, path: &Path, offers: &plugins::Offers) -> Result<(), Failure> {
    let asked = std::mem::replace(&mut state.campaigns, false);
    write(path, state)?;
    let season = today::open(app, state, offers).await?;
    if season.opened || !asked {
        let fair = season.fair.filter(|fair| state.coupon_of != Some(*fair) || !asked);
        let coupon = today::ask(app, state, fair).await?;
        if fair.is_some() {
            (state.coupon, state.coupon_of) = (coupon, fair);
        }
    }
    state.campaigns = true;
    write(path, state)
}

/// Who plans and who agrees.
async fn callers(app: &App, state: &State) -> Result<(Caller, Caller), Failure> {
    let approver = state.approver_key.as_deref().unwrap_or_default();
    Ok((
        app.team().authenticate(&state.api_key).await?,
        app.team().authenticate(approver).await?,
    ))
}

/// Has events taken in, all of which have to be understood. Returns how many there were.
async fn events(app: &App, caller: &Caller, batch: &[Value]) -> Result<u64, Failure> {
    let accepted = app.intake().accept(caller, batch).await?;
    match accepted.rejected.first() {
        None => Ok(batch.len() as u64),
        Some(rejected) => Err(Failure::failed(words!(
            "an event of the demo is rejected: {detail}: {event}",
            "演示数据中有一个事件未通过：{detail}：{event}",
            detail = rejected.detail,
            event = batch[rejected.index]
        ))),
    }
}

async fn tell(app: &App, caller: &Caller, state: &State) -> Result<(), Failure> {
    let began = Instant::now();
    let terminal = std::io::stderr().is_terminal();
    let target = if terminal {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template("{prefix} [{bar:30}] {pos}/{len} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let what = words!("Creating customers", "正在生成客户");
    let bar = ProgressBar::with_draw_target(Some(state.customers.into()), target)
        .with_style(style.progress_chars("=> "))
        .with_prefix(what.to_string());
    let (mut waiting, mut told): (Vec<Value>, u64) = (Vec::new(), 0);
    for number in 0..state.customers {
        waiting.extend(story(SOURCE, state.seed, number, state.today));
        while waiting.len() >= MOST_EVENTS || (number + 1 == state.customers && !waiting.is_empty()) {
            let batch: Vec<Value> = waiting.drain(..waiting.len().min(MOST_EVENTS)).collect();
            told += events(app, caller, &batch).await?;
        }
        bar.set_position(u64::from(number) + 1);
        if !terminal && state.customers >= 5 && (number + 1) % (state.customers / 5) == 0 {
            say(&words!(
                "Creating customers: {done} of {all}",
                "正在生成客户：{done}/{all}",
                done = number + 1,
                all = state.customers
            ));
        }
    }
    bar.finish_and_clear();
    say(&words!(
        "{customers} with {events} created in {seconds} s.",
        "已生成 {customers}、{events}，用时 {seconds} 秒。",
        customers = counted(u64::from(state.customers), "customer"),
        events = counted(told, "event"),
        seconds = seconds(began)
    ));
    Ok(())
}
