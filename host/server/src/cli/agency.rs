//! `posthouse agency`: opens the database itself, also beside a running server.

use super::client::environment_url;
use super::{Failure, Settings, block_on};
use crate::config::Config;
use crate::house;
use crate::output::{Output, table};
use clap::{Args, Subcommand};
use posthouse_app::clock::{SystemClock, SystemEntropy};
use posthouse_app::team::{self, NewAgency, NewKey, Scope};
use posthouse_app::{AppError, Store};
use posthouse_domain::time::instant_text;
use posthouse_domain::{Clock, words};
use serde_json::{Value, json};
use uuid::Uuid;

/// Agencies of this installation, and their keys.
#[derive(Debug, Subcommand)]
pub(super) enum Agency {
    /// Create an agency and print its owner key, this once.
    Create(Create),
    /// List the agencies.
    List(Settings),
    /// Create a further key of an agency and print it, this once: for another program, or when the last one is lost.
    Key {
        /// The agency's short name.
        slug: String,
        /// What the agency calls the key.
        #[arg(long, default_value_t = made_here())]
        name: String,
        /// What the key may do.
        #[arg(long = "scope", value_name = "SCOPE,…", value_delimiter = ',', default_value = "owner", value_parser = scope)]
        scopes: Vec<Scope>,
        /// Whose it is; for somebody of the staff their e-mail address. Keys of one holder are one person: none of them approves what another submitted.
        #[arg(long, value_name = "NAME")]
        holder: Option<String>,
        #[command(flatten)]
        settings: Settings,
    },
    /// List the keys of an agency, without the secrets themselves.
    Keys {
        /// The agency's short name.
        slug: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// Revoke a key at once.
    RevokeKey {
        /// The agency's short name.
        slug: String,
        /// The key's id, as `posthouse agency keys` lists it.
        #[arg(value_parser = super::id)]
        id: Uuid,
        #[command(flatten)]
        settings: Settings,
    },
}

/// What a key is called for which nobody chose a name.
fn made_here() -> String {
    words!("created on the command line", "命令行创建").to_string()
}

/// What a new agency is to be.
#[derive(Debug, Args)]
pub(super) struct Create {
    /// Short name: lower-case letters, digits and hyphens.
    slug: String,
    /// Full name.
    #[arg(long)]
    name: String,
    /// IANA name of the zone its days begin in.
    #[arg(long, default_value = "Asia/Shanghai")]
    time_zone: String,
    /// ISO 4217 code of its books.
    #[arg(long, default_value = "CNY")]
    currency: String,
    /// ISO 3166 code; phone numbers without a prefix are of this country.
    #[arg(long, default_value = "CN")]
    country: String,
    /// E-mail address of the first person: invites them as an owner, and prints the link by which they choose a password.
    #[arg(long, value_name = "EMAIL")]
    owner: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

/// A scope by its name.
fn scope(text: &str) -> Result<Scope, String> {
    let known = Scope::ALL.map(Scope::as_str).join(", ");
    let found = Scope::ALL.into_iter().find(|scope| scope.as_str() == text);
    found.ok_or_else(|| words!("a scope is one of {known}", "权限只能是 {known}").to_string())
}

/// Does `work` on the database.
fn with_store<T>(config: &Config, work: impl AsyncFnOnce(&Store) -> Result<T, AppError>) -> Result<T, Failure> {
    block_on(async {
        let store = house::open_store(config).await?;
        let done = work(&store).await;
        store.close().await;
        Ok(done?)
    })
}

/// As [`with_store`], on a database that is there: to look for agencies must not make one.
pub(super) fn with_present_store<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Store) -> Result<T, AppError>,
) -> Result<T, Failure> {
    let config = settings.load()?;
    if config.embedded_file().is_some_and(|file| !file.exists()) {
        return Err(Failure::coded(
            "database_missing",
            words!(
                "there is no database {database_shown}; name the one that the server uses with --database or --config",
                "没有数据库 {database_shown}；请用 --database 或 --config 指定服务器使用的数据库",
                database_shown = config.database_shown()
            ),
        ));
    }
    with_store(&config, work)
}

impl Agency {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::Create(new) => new.run(output),
            Self::List(settings) => list(&settings, output),
            Self::Key {
                slug,
                name,
                scopes,
                holder,
                settings,
            } => {
                let new = NewKey {
                    name: &name,
                    scopes: &scopes,
                    holder: holder.as_deref(),
                };
                key(&slug, new, &settings, output)
            }
            Self::Keys { slug, settings } => keys(&slug, &settings, output),
            Self::RevokeKey { slug, id, settings } => revoke(&slug, id, &settings, output),
        }
    }
}

impl Create {
    fn run(self, output: Output) -> Result<(), Failure> {
        let config = self.settings.load()?;
        let new = NewAgency {
            slug: self.slug,
            name: self.name,
            time_zone: self.time_zone,
            currency: self.currency,
            country: self.country,
        };
        // a server's address that cannot be one is said before anything is made
        let base = self.owner.is_some().then(environment_url).transpose()?;
        let owner = self.owner.as_deref();
        let (agency, key, invited) = with_store(&config, async |store| {
            team::create_agency_of(store, new, owner, SystemClock.now(), &SystemEntropy).await
        })?;
        let mut document = json!({
            "agency": { "id": agency.id, "slug": agency.slug, "name": agency.name, "time_zone": agency.time_zone, "currency": agency.currency, "country": agency.country },
            "api_key": key,
        });
        let link = base.zip(invited).map(|(base, invited)| {
            let link = format!("{base}{}", invited.path());
            document["owner"] =
                json!({ "email": invited.person.email, "link": link, "link_ends_at": instant_text(invited.ends_at) });
            words!(
                "\n\n{email} is its owner. The link by which they choose a password, shown this once; it opens once, until {until}:\n\n  {link}\n\nWhere the server has another address, set POSTHOUSE_URL to it.",
                "\n\n所有者：{email}。设置密码的链接仅显示这一次，只能使用一次，有效期至 {until}：\n\n  {link}\n\n服务器地址不同的，请先设置 POSTHOUSE_URL。",
                email = invited.person.email,
                until = instant_text(invited.ends_at)
            )
            .to_string()
        });
        output.answer(&document, || {
            let made = words!("Agency {name} ({slug}) created: time zone {time_zone}, currency {currency}, country {country}.\n\nIts owner key, shown this once; keep it safe:\n\n  {key}\n\nCommands use it as POSTHOUSE_API_KEY, requests as Authorization: Bearer KEY.", "已创建旅行社 {name}（{slug}）：时区 {time_zone}，记账币种 {currency}，国家 {country}。\n\n所有者密钥仅显示这一次，请妥善保存：\n\n  {key}\n\n命令行通过 POSTHOUSE_API_KEY 使用它，请求用 Authorization: Bearer KEY。", name = agency.name, slug = agency.slug, time_zone = agency.time_zone, currency = agency.currency, country = agency.country);
            format!("{made}{}", link.unwrap_or_default())
        })
    }
}

fn list(settings: &Settings, output: Output) -> Result<(), Failure> {
    let agencies = with_present_store(settings, async |store| team::agencies(store).await)?;
    let documents: Vec<Value> = agencies
        .iter()
        .map(|agency| {
            json!({ "id": agency.id, "slug": agency.slug, "name": agency.name, "time_zone": agency.time_zone, "currency": agency.currency, "country": agency.country })
        })
        .collect();
    output.answer(&json!({ "items": documents }), || {
        if agencies.is_empty() {
            return words!(
                "No agencies yet. `posthouse agency create` creates one.",
                "还没有旅行社。可用 `posthouse agency create` 创建。"
            )
            .to_string();
        }
        let head = [
            words!("agency", "旅行社"),
            words!("name", "名称"),
            words!("time zone", "时区"),
            words!("currency", "币种"),
            words!("country", "国家"),
        ]
        .map(|head| head.to_string());
        let rows = agencies.iter().map(|agency| {
            let cells = [
                &agency.slug,
                &agency.name,
                &agency.time_zone,
                &agency.currency,
                &agency.country,
            ];
            cells.map(Clone::clone).to_vec()
        });
        table(&std::iter::once(head.to_vec()).chain(rows).collect::<Vec<_>>())
    })
}

fn key(slug: &str, new: NewKey<'_>, settings: &Settings, output: Output) -> Result<(), Failure> {
    let NewKey { name, scopes, .. } = new;
    let (id, key) = with_present_store(settings, async |store| {
        let agency = team::agency_by_slug(store, slug).await?;
        team::create_key(store, agency.id, new, SystemClock.now(), &SystemEntropy).await
    })?;
    let scopes = Scope::each_once(scopes);
    let document = json!({ "id": id, "name": name.trim(), "scopes": scopes, "api_key": key });
    output.answer(&document, || {
        words!("A new key of {slug} ({scopes}), shown this once; keep it safe:\n\n  {key}\n\nOlder keys open as before. To revoke one that is lost:\n\n  posthouse agency keys {slug}\n  posthouse agency revoke-key {slug} ID", "{slug} 的新密钥（{scopes}）仅显示这一次，请妥善保存：\n\n  {key}\n\n旧密钥照常有效。如要作废遗失的密钥：\n\n  posthouse agency keys {slug}\n  posthouse agency revoke-key {slug} ID", scopes = scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")).to_string()
    })
}

fn keys(slug: &str, settings: &Settings, output: Output) -> Result<(), Failure> {
    let keys = with_present_store(settings, async |store| {
        let agency = team::agency_by_slug(store, slug).await?;
        team::keys(store, agency.id).await
    })?;
    let scopes = |text: &str| serde_json::from_str::<Vec<String>>(text).unwrap_or_default();
    let documents: Vec<Value> = keys
        .iter()
        .map(|key| {
            json!({ "id": key.id, "name": key.name, "scopes": scopes(&key.scopes), "holder": key.holder, "created_at": instant_text(key.created_at),
                "used_at": key.used_at.map(instant_text), "revoked_at": key.revoked_at.map(instant_text) })
        })
        .collect();
    output.answer(&json!({ "items": documents }), || {
        let head = [
            words!("key", "密钥"),
            words!("name", "名称"),
            words!("may", "权限"),
            words!("holder", "持有人"),
            words!("created", "创建于"),
            words!("last used", "最近使用"),
            words!("revoked", "作废于"),
        ]
        .map(|head| head.to_string());
        let rows = keys.iter().map(|key| {
            let revoked = key.revoked_at.map(instant_text).unwrap_or_default();
            vec![
                key.id.to_string(),
                key.name.clone(),
                scopes(&key.scopes).join(", "),
                key.holder.clone().unwrap_or_default(),
                instant_text(key.created_at),
                key.used_at.map(instant_text).unwrap_or_default(),
                revoked,
            ]
        });
        table(&std::iter::once(head.to_vec()).chain(rows).collect::<Vec<_>>())
    })
}

fn revoke(slug: &str, id: Uuid, settings: &Settings, output: Output) -> Result<(), Failure> {
    with_present_store(settings, async |store| {
        let agency = team::agency_by_slug(store, slug).await?;
        match team::revoke_key(store, agency.id, id, None, SystemClock.now()).await {
            Err(AppError::NotFound(_)) => Err(AppError::invalid(
                "key_unknown",
                words!(
                    "{slug} has no key {id} in force; `posthouse agency keys {slug}` lists its keys",
                    "{slug} 没有有效的密钥 {id}；可用 `posthouse agency keys {slug}` 查看"
                ),
            )),
            done => done,
        }
    })?;
    output.answer(&json!({ "id": id, "revoked": true }), || {
        words!("Key {id} of {slug} is revoked.", "{slug} 的密钥 {id} 已作废。").to_string()
    })
}
