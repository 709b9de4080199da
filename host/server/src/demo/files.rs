//! A file of customers as a shop keeps them, two rows of which wait to be mended, and one that somebody has looked at and not imported yet.

use crate::output::Failure;
use posthouse_app::App;
use posthouse_app::intake::imports::{NewImport, Sent};
use posthouse_app::profiles::Browse;
use posthouse_app::team::Caller;
use posthouse_domain::canonical;
use posthouse_domain::row::FileKind;

/// Sends them, unless an earlier start has.
pub(super) async fn send(app: &App, caller: &Caller) -> Result<(), Failure> {
    let (there, _) = app.intake().imports(caller, None, 1).await?;
    let known = Browse {
        limit: 1,
        ..Browse::default()
    };
    let known = app.profiles().browse(caller, &known).await?.rows;
    let member = known.first().and_then(|row| row.summary.label.member_no.clone());
    let (true, Some(member)) = (there.is_empty(), member) else {
        return Ok(());
    };
    let visitors = format!(
        "会员号,手机,建档日期,备注\n{member},,2025-03-08,门店\n,1380013,2025-03-08,门店\n,13900139000,8/3/2025,门店\n"
    );
    let orders = format!(
        "单号,会员卡,下单日期,实收（元）,状态\nMD-1,{member},08/03/2025,1280,已出票\nMD-2,{member},09/03/2025,3600,已付款\n"
    );
    for (kind, name, text, look) in [
        (FileKind::Customers, "门店登记表.csv", visitors, false),
        (FileKind::Bookings, "门店订单.csv", orders, true),
    ] {
        let new = NewImport {
            kind,
            name,
            file: Sent::Bytes(text.as_bytes()),
            digest: &canonical::digest(&text),
            size: text.len() as u64,
            mapping: None,
            encoding: None,
            sheet: None,
            dry_run: look,
            look,
            mends: None,
        };
        app.intake().start_import(caller, new).await?;
    }
    Ok(())
}
