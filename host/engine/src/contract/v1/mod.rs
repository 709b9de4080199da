//! `posthouse:plugin@1.0.0`: a linked component, its description, and the way to its other functions.

pub(crate) mod wire;

pub use wire::context as context_of;

use super::Answered;
use crate::description::Description;
use crate::fault::{Fault, Receipt};
use crate::guest::Guest;
use crate::limits::Limits;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::runtime::Runtime;
use posthouse_domain::{Words, words};
use std::fmt;
use std::sync::Arc;
use wasmtime::Store;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower, TypedFunc,
};

/// The package of the contract.
pub(crate) const PACKAGE: &str = "posthouse:plugin";
/// The latest version of the contract that this host speaks; it speaks every minor version before it as well.
pub(crate) const SPOKEN: (u64, u64) = (1, 0);

/// The interface that every plugin exports besides that of its extension point.
const DESCRIPTOR: &str = "descriptor";

/// Full name of an interface.
fn interface(name: &str) -> String {
    format!("{PACKAGE}/{name}@1.0.0")
}

fn unsupported(detail: Words) -> Refusal {
    Refusal::new("unsupported_contract", detail)
}

/// A component linked to all it may import: what every plugin answers, and the way to what its extension point asks.
pub struct Linked {
    runtime: Arc<Runtime>,
    instance: InstancePre<Guest>,
    describe: ComponentExportIndex,
    validate: ComponentExportIndex,
}

impl fmt::Debug for Linked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Linked")
    }
}

/// A function that a component exports.
#[derive(Debug)]
pub struct Export {
    index: ComponentExportIndex,
    name: &'static str,
}

impl Linked {
    /// Links a component that was inspected, now or when it was let in. Refuses one whose imports have other types than the contract says.
    pub(crate) fn new(runtime: Arc<Runtime>, component: &Component) -> Result<Self, Refusal> {
        let describe = find(component, DESCRIPTOR, "describe")?;
        let validate = find(component, DESCRIPTOR, "validate")?;
        let instance = runtime.linker.instantiate_pre(component).map_err(|error| {
            unsupported(words!(
                "the component's imports do not fit the contract: {error:#}",
                "组件的导入不符合契约：{error:#}"
            ))
        })?;
        Ok(Self {
            runtime,
            instance,
            describe,
            validate,
        })
    }

    /// Whether the component exports the interface of this extension point.
    pub(crate) fn serves(&self, point: &str) -> bool {
        let component = self.instance.component();
        component.get_export_index(None, interface(point)).is_some()
    }

    /// That it exports no interface of an extension point.
    pub(crate) fn serves_none() -> Refusal {
        unsupported(words!(
            "the component exports no extension point this host speaks",
            "组件没有导出本服务器支持的扩展点"
        ))
    }

    /// The limits that calls have.
    pub fn limits(&self) -> &Limits {
        &self.runtime.limits
    }

    /// Runs `work` in a fresh store and adds up what it used.
    fn run<T>(
        &self,
        what: &'static str,
        budget: u64,
        bytes_in: u64,
        work: impl Fn(&mut Store<Guest>) -> wasmtime::Result<T>,
    ) -> Result<(T, Receipt), Fault> {
        let ran = self.runtime.call(what, budget, bytes_in, work);
        let usage = match &ran {
            Ok((_, receipt)) => &receipt.usage,
            Err(fault) => &fault.receipt.usage,
        };
        self.runtime.spent.add(usage);
        ran
    }

    /// A function of the interface of an extension point.
    ///
    /// # Errors
    /// `unsupported_contract` if the component does not export it.
    pub fn export(&self, point: &str, name: &'static str) -> Result<Export, Refusal> {
        let index = find(self.instance.component(), point, name)?;
        Ok(Export { index, name })
    }

    /// A fresh instance's function, its type compared with the contract's.
    fn enter<P, R>(&self, store: &mut Store<Guest>, index: &ComponentExportIndex) -> wasmtime::Result<TypedFunc<P, R>>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let instance: Instance = self.instance.instantiate(&mut *store)?;
        match instance.get_func(&mut *store, index) {
            Some(function) => function.typed(&*store),
            None => wasmtime::bail!("the function is not exported"),
        }
    }

    /// Asks a function without parameters what the plugin says of itself.
    ///
    /// # Errors
    /// A fault of the call.
    pub fn ask<R: Lift + Send + Sync + 'static>(&self, export: &Export) -> Result<R, Fault> {
        self.said(export.name, &export.index)
    }

    fn said<R: Lift + Send + Sync + 'static>(
        &self,
        name: &'static str,
        index: &ComponentExportIndex,
    ) -> Result<R, Fault> {
        let budget = self.runtime.limits.decision_fuel;
        let said: Result<(R, Receipt), Fault> = self.run(name, budget, 0, |store| {
            let function = self.enter::<(), (R,)>(store, index)?;
            Ok(function.call(store, ())?.0)
        });
        Ok(said?.0)
    }

    /// Calls a function that answers with a value or with a problem. `fuel` is the budget, `bytes_in` the bytes of the parameters; `read`
    /// makes the host's value of the answer, and says how many bytes that had.
    ///
    /// # Errors
    /// A fault of the call.
    pub fn call<P, R, A>(
        &self,
        export: &Export,
        (fuel, bytes_in): (u64, usize),
        parameters: P,
        read: impl Fn(R) -> (A, usize),
    ) -> Answered<A>
    where
        P: ComponentNamedList + Lower + Copy,
        R: Lift + Send + Sync + 'static,
    {
        self.run(export.name, fuel, bytes_in as u64, |store| {
            let function = self.enter::<P, (Result<R, wire::Problem>,)>(store, &export.index)?;
            let (answer,) = function.call(&mut *store, parameters)?;
            Ok(match answer {
                Ok(answer) => {
                    let (answer, bytes_out) = read(answer);
                    store.data_mut().bytes_out = bytes_out as u64;
                    Ok(answer)
                }
                Err(problem) => Err(problem.into()),
            })
        })
    }

    pub(crate) fn describe(&self) -> Result<Description, Fault> {
        let said: wire::Description = self.said("describe", &self.describe)?;
        Ok(said.into())
    }

    /// What is wrong with settings that are valid under the schema.
    pub(crate) fn validate(&self, config: &str) -> Answered<(), Vec<Problem>> {
        let budget = self.runtime.limits.decision_fuel;
        self.run("validate", budget, config.len() as u64, |store| {
            type Answer = (Result<(), Vec<wire::Problem>>,);
            let function = self.enter::<(&str,), Answer>(store, &self.validate)?;
            let (answer,) = function.call(&mut *store, (config,))?;
            Ok(answer.map_err(|problems| problems.into_iter().map(Into::into).collect()))
        })
    }
}

fn find(component: &Component, name: &str, function: &str) -> Result<ComponentExportIndex, Refusal> {
    let interface = interface(name);
    component
        .get_export_index(None, &interface)
        .and_then(|interface| component.get_export_index(Some(&interface), function))
        .ok_or_else(|| {
            unsupported(words!(
                "the component does not export {interface}#{function}; build it with this release's SDK, which `posthouse plugin upgrade` brings into a project",
                "组件没有导出 {interface}#{function}；请用本版本的 SDK 重新构建，`posthouse plugin upgrade` 可升级项目中的 SDK"
            ))
        })
}
