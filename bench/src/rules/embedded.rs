//! The rule in languages that are embedded row by row. Each gets the customer as what the language has for a record, and its
//! cheapest way of being called; the edges are constants of the script.

use super::{Edges, Guest};
use crate::Result;
use std::hint::black_box;

/// A language with the rule loaded.
pub(crate) trait Language {
    /// For the table.
    fn name(&self) -> &'static str;
    /// The segment of each of `guests`.
    fn classify(&mut self, guests: &[Guest]) -> Result<Vec<u16>>;
}

/// All of them.
pub(crate) fn all(edges: &Edges) -> Result<Vec<Box<dyn Language>>> {
    Ok(vec![
        Box::new(Rhai::new(edges)?),
        Box::new(Cel::new(edges)?),
        Box::new(QuickJs::new(edges)?),
        Box::new(LuaJit::new(edges, true)?),
        Box::new(LuaJit::new(edges, false)?),
    ])
}

fn fill(script: &str, edges: &Edges) -> String {
    let Edges { recency, trips, spend } = edges;
    script
        .replace("R2", &recency[1].to_string())
        .replace("R3", &recency[2].to_string())
        .replace("F2", &trips[1].to_string())
        .replace("F3", &trips[2].to_string())
        .replace("M3", &spend[2].to_string())
}

struct Rhai {
    engine: rhai::Engine,
    script: rhai::AST,
}

impl Rhai {
    fn new(edges: &Edges) -> Result<Self> {
        let mut engine = rhai::Engine::new();
        engine.set_optimization_level(rhai::OptimizationLevel::Full);
        let script = fill(
            "fn classify(c) {
                if c.trips_total == 0 { return 8; }
                if c.trips_24m == 0 || c.recency_days == () { return 7; }
                let recent = c.recency_days <= R2;
                if c.trips_24m > F3 { return if recent && c.spend_24m > M3 { 0 } else { 1 }; }
                if recent { return if c.trips_total == 1 { 2 } else { 3 }; }
                if c.recency_days > R3 { return if c.trips_24m > F2 { 4 } else { 5 }; }
                6
            }",
            edges,
        );
        Ok(Self {
            script: engine.compile(script)?,
            engine,
        })
    }
}

impl Language for Rhai {
    fn name(&self) -> &'static str {
        "Rhai"
    }

    fn classify(&mut self, guests: &[Guest]) -> Result<Vec<u16>> {
        let mut scope = rhai::Scope::new();
        let one = |guest: &Guest| {
            let mut row = rhai::Map::new();
            let recency = guest
                .recency_days
                .map_or(rhai::Dynamic::UNIT, |days| i64::from(days).into());
            row.insert("recency_days".into(), recency);
            row.insert("trips_total".into(), i64::from(guest.trips_total).into());
            row.insert("trips_24m".into(), i64::from(guest.trips_24m).into());
            row.insert("spend_24m".into(), guest.spend_24m.into());
            let segment: i64 = self.engine.call_fn(&mut scope, &self.script, "classify", (row,))?;
            Ok(segment as u16)
        };
        guests.iter().map(one).collect()
    }
}

struct Cel {
    environment: std::sync::Arc<cel::Env>,
    rule: cel::Program,
}

impl Cel {
    fn new(edges: &Edges) -> Result<Self> {
        let environment = std::sync::Arc::new(cel::Env::stdlib());
        let rule = fill(
            "trips_total == 0 ? 8
             : trips_24m == 0 || recency_days == null ? 7
             : trips_24m > F3 ? (recency_days <= R2 && spend_24m > M3 ? 0 : 1)
             : recency_days <= R2 ? (trips_total == 1 ? 2 : 3)
             : recency_days > R3 ? (trips_24m > F2 ? 4 : 5)
             : 6",
            edges,
        );
        let rule = environment.compile(&rule).map_err(|error| format!("CEL: {error:?}"))?;
        Ok(Self { environment, rule })
    }
}

impl Language for Cel {
    fn name(&self) -> &'static str {
        "CEL"
    }

    fn classify(&mut self, guests: &[Guest]) -> Result<Vec<u16>> {
        let mut context = cel::Context::with_env(self.environment.clone());
        let mut one = |guest: &Guest| {
            let recency = guest
                .recency_days
                .map_or(cel::Value::Null, |days| cel::Value::Int(days.into()));
            context.add_variable_from_value("recency_days", recency);
            context.add_variable_from_value("trips_total", i64::from(guest.trips_total));
            context.add_variable_from_value("trips_24m", i64::from(guest.trips_24m));
            context.add_variable_from_value("spend_24m", guest.spend_24m);
            match self.rule.execute(&context).map_err(|error| format!("CEL: {error:?}"))? {
                cel::Value::Int(segment) => Ok(segment as u16),
                other => Err(format!("CEL answers {other:?}").into()),
            }
        };
        guests.iter().map(&mut one).collect()
    }
}

const JAVASCRIPT: &str = "(function (c) {
    if (c.trips_total === 0) return 8;
    if (c.trips_24m === 0 || c.recency_days == null) return 7;
    const recent = c.recency_days <= R2;
    if (c.trips_24m > F3) return recent && c.spend_24m > M3 ? 0 : 1;
    if (recent) return c.trips_total === 1 ? 2 : 3;
    if (c.recency_days > R3) return c.trips_24m > F2 ? 4 : 5;
    return 6;
})";

struct QuickJs {
    context: rquickjs::Context,
    script: String,
}

impl QuickJs {
    fn new(edges: &Edges) -> Result<Self> {
        let context = rquickjs::Context::full(&rquickjs::Runtime::new()?)?;
        Ok(Self {
            context,
            script: fill(JAVASCRIPT, edges),
        })
    }
}

impl Language for QuickJs {
    fn name(&self) -> &'static str {
        "QuickJS"
    }

    fn classify(&mut self, guests: &[Guest]) -> Result<Vec<u16>> {
        self.context.with(|js| {
            let rule: rquickjs::Function<'_> = js.eval(self.script.as_str())?;
            let one = |guest: &Guest| {
                let row = rquickjs::Object::new(js.clone())?;
                row.set("recency_days", guest.recency_days)?;
                row.set("trips_total", guest.trips_total)?;
                row.set("trips_24m", guest.trips_24m)?;
                row.set("spend_24m", guest.spend_24m as f64)?;
                Ok(rule.call::<_, u16>((row,))?)
            };
            guests.iter().map(one).collect()
        })
    }
}

const LUA: &str = "function (recency_days, trips_total, trips_24m, spend_24m)
    if trips_total == 0 then return 8 end
    if trips_24m == 0 or recency_days == nil then return 7 end
    local recent = recency_days <= R2
    if trips_24m > F3 then
        if recent and spend_24m > M3 then return 0 else return 1 end
    end
    if recent then
        if trips_total == 1 then return 2 else return 3 end
    end
    if recency_days > R3 then
        if trips_24m > F2 then return 4 else return 5 end
    end
    return 6
end";

struct LuaJit {
    lua: mlua::Lua,
    rule: mlua::Function,
    /// Whether it gets the customer as a table, as authors want it, or bare arguments in the right order.
    table: bool,
}

impl LuaJit {
    fn new(edges: &Edges, table: bool) -> Result<Self> {
        let lua = mlua::Lua::new();
        let bare = fill(LUA, edges);
        let script = if table {
            bare.replacen("(recency_days, trips_total, trips_24m, spend_24m)", "(c)", 1)
                .replace("recency_days", "c.recency_days")
                .replace("trips_total", "c.trips_total")
                .replace("trips_24m", "c.trips_24m")
                .replace("spend_24m", "c.spend_24m")
        } else {
            bare
        };
        let rule = lua.load(format!("return {script}")).eval()?;
        Ok(Self { lua, rule, table })
    }
}

impl Language for LuaJit {
    fn name(&self) -> &'static str {
        if self.table {
            "LuaJIT"
        } else {
            "LuaJIT, bare arguments instead of a record"
        }
    }

    fn classify(&mut self, guests: &[Guest]) -> Result<Vec<u16>> {
        let one = |guest: &Guest| {
            let (recency, total, trips, spend) = (
                guest.recency_days,
                guest.trips_total,
                guest.trips_24m,
                guest.spend_24m as f64,
            );
            if !self.table {
                return Ok(self.rule.call::<u16>(black_box((recency, total, trips, spend)))?);
            }
            let row = self.lua.create_table_with_capacity(0, 4)?;
            row.raw_set("recency_days", recency)?;
            row.raw_set("trips_total", total)?;
            row.raw_set("trips_24m", trips)?;
            row.raw_set("spend_24m", spend)?;
            Ok(self.rule.call::<u16>(row)?)
        };
        guests.iter().map(one).collect()
    }
}
