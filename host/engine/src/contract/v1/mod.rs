//! The adapters for `posthouse:plugin@1.0.0`.

mod promotion;
mod segmentation;
mod wire;

use super::{Answered, Linked};
use crate::description::Description;
use crate::extension_point::ExtensionPoint;
use crate::fault::{Fault, Receipt};
use crate::guest::Guest;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::runtime::Runtime;
use posthouse_domain::{Words, words};
use std::sync::Arc;
use wasmtime::Store;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower, TypedFunc,
};

const DESCRIPTOR: &str = "posthouse:plugin/descriptor@1.0.0";

/// Name of an extension point's interface.
fn interface(point: ExtensionPoint) -> &'static str {
    match point {
        ExtensionPoint::Segmentation => "posthouse:plugin/segmentation@1.0.0",
        ExtensionPoint::Promotion => "posthouse:plugin/promotion@1.0.0",
    }
}

/// Links the component for the extension point it exports.
pub(super) fn link(runtime: &Arc<Runtime>, component: &Component) -> Result<Linked, Refusal> {
    let serves = |point: &ExtensionPoint| component.get_export_index(None, interface(*point)).is_some();
    let base = || Base::new(runtime.clone(), component);
    match ExtensionPoint::ALL.into_iter().find(serves) {
        Some(ExtensionPoint::Segmentation) => {
            let adapter = segmentation::Adapter::new(base()?, component)?;
            Ok(Linked::Segmentation(Box::new(adapter)))
        }
        Some(ExtensionPoint::Promotion) => {
            let adapter = promotion::Adapter::new(base()?, component)?;
            Ok(Linked::Promotion(Box::new(adapter)))
        }
        None => Err(unsupported(words!(
            "the component exports no extension point this host speaks",
            "组件没有导出本服务器支持的扩展点"
        ))),
    }
}

fn unsupported(detail: Words) -> Refusal {
    Refusal::new("unsupported_contract", detail)
}

fn find(component: &Component, interface: &str, function: &str) -> Result<ComponentExportIndex, Refusal> {
    component
        .get_export_index(None, interface)
        .and_then(|interface| component.get_export_index(Some(&interface), function))
        .ok_or_else(|| {
            unsupported(words!(
                "the component does not export {interface}#{function}; build it with this release's SDK, which `posthouse plugin upgrade` brings into a project",
                "组件没有导出 {interface}#{function}；请用本版本的 SDK 重新构建，`posthouse plugin upgrade` 可升级项目中的 SDK"
            ))
        })
}

/// What every adapter has: a linked component and its description.
struct Base {
    runtime: Arc<Runtime>,
    instance: InstancePre<Guest>,
    describe: ComponentExportIndex,
    validate: ComponentExportIndex,
}

impl Base {
    /// Refuses a component whose imports have other types than the contract says.
    fn new(runtime: Arc<Runtime>, component: &Component) -> Result<Self, Refusal> {
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
    fn ask<R: Lift + Send + Sync + 'static>(&self, what: &'static str, index: &ComponentExportIndex) -> Result<R, Fault>
    where
        (R,): ComponentNamedList + Lift,
    {
        let budget = self.runtime.limits.decision_fuel;
        let said: Result<(R, Receipt), Fault> = self.runtime.call(what, budget, 0, |store| {
            let function = self.enter::<(), (R,)>(store, index)?;
            Ok(function.call(store, ())?.0)
        });
        Ok(said?.0)
    }

    fn describe(&self) -> Result<Description, Fault> {
        let said: wire::Description = self.ask("describe", &self.describe)?;
        Ok(said.into())
    }

    fn validate(&self, config: &str) -> Answered<(), Vec<Problem>> {
        let budget = self.runtime.limits.decision_fuel;
        self.runtime.call("validate", budget, config.len() as u64, |store| {
            type Answer = (Result<(), Vec<wire::Problem>>,);
            let function = self.enter::<(&str,), Answer>(store, &self.validate)?;
            let (answer,) = function.call(&mut *store, (config,))?;
            Ok(answer.map_err(|problems| problems.into_iter().map(Into::into).collect()))
        })
    }
}
