"""dbt as assets: everything before the models in one start, everything after them in another.

Comes in: the landing views and what the gates and the models wrote. Goes out: the warehouse's tables, each with
its row count and a masked preview, and every dbt test as an asset check and as a row of `ops.check_results`.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from importlib.metadata import version
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, DbtProject, dbt_assets
from packaging.version import Version

from orchestration import activation, dbt, warehouse
from orchestration.assets.metadata import OWNERS, table_metadata
from orchestration.documentation import metric_docs
from orchestration.gates import failing_rows
from orchestration.home import OWNER_ONLY_FILE
from orchestration.night import Night
from orchestration.refusing import refused
from orchestration.resources import NIGHTS, ONE_NIGHT_A_RUN, WAREHOUSE_POOL, NightResource
from orchestration.unforeseen import quoting_nothing
from orchestration.warehouse import continuation, standing

_GROUPS = {"landing": "extract", "ops": "quality", "seeds": "staging", "ml": "models", "ml_inputs": "features"}


class Translator(DagsterDbtTranslator):
    """dbt nodes as assets: the key is schema and name, the group is the stage."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`marts/fct_orders`, `landing/crm_customers` …"""
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The stage: staging, intermediate, or the folder of the mart."""
        schema = dbt_resource_props["schema"]
        if schema == "marts":
            return f"marts_{dbt_resource_props['fqn'][2]}"
        return _GROUPS.get(schema, schema)

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """What dbt says of it; of a mart also the metrics that it holds, each with its definition."""
        if dbt_resource_props["schema"] != "marts":
            return super().get_description(dbt_resource_props)
        held = metric_docs.defined_in(dbt_resource_props["columns"].values())
        lines = [dbt_resource_props["description"], *(f"- **{name}**: {said}" for name, said in held.items())]
        return super().get_description({**dbt_resource_props, "description": "\n".join(lines)})

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """The owner named in the model's meta, else the data team."""
        owner = (dbt_resource_props.get("config", {}).get("meta") or {}).get("owner")
        return [owner] if owner else OWNERS

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """A test of dbt with what it asks, why, and whom to ask: dagster-dbt hands on the name alone."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=": ".join(dbt.in_words(manifest["nodes"][unique_id])))


def source_specs(schema: str) -> list[dg.AssetSpec]:
    """What dbt's sources say of the tables of `schema`: an asset that is only named by its readers has no words, owner or group."""
    manifest = json.loads(dbt.manifest_path().read_text(encoding="utf-8"))
    named = [unique_id for unique_id, source in manifest["sources"].items() if source["schema"] == schema]
    return [Translator().get_asset_spec(manifest, unique_id, None) for unique_id in named]


def mart_keys(*, select: str = "") -> list[dg.AssetKey]:
    """The marts of the project whose tags contain `select`; they are what a release holds."""
    manifest = json.loads(dbt.manifest_path().read_text(encoding="utf-8"))
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["schema"] == "marts"]
    return [dg.AssetKey(["marts", node["name"]]) for node in nodes if select in " ".join(node["tags"])]


def _assets(name: str, select: str) -> dg.AssetsDefinition:
    @dbt_assets(
        manifest=dbt.manifest_path(),
        select=select,
        name=name,
        partitions_def=NIGHTS,
        dagster_dbt_translator=Translator(),
        pool=WAREHOUSE_POOL,
        backfill_policy=ONE_NIGHT_A_RUN,
    )
    @quoting_nothing
    def build(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[Any]:
        yield from _build(context, night.of(context), name)

    return build


def _build(context: dg.AssetExecutionContext, night: Night, phase: str) -> Iterator[Any]:
    variables = dbt.variables(night.settings, night.home, night.as_of)
    continued, fingerprint = phase == "before_models", continuation.fingerprint(dbt.project_hash(), variables)
    with night.warehouse() as connection:  # fails here, in words, when the warehouse holds another night
        night.forget_later(connection, phase)
        _hand_over(connection, night, phase)
        build, reason = continuation.begin(connection, night.as_of, fingerprint) if continued else (None, "")
    if context.is_subset:  # what was picked leaves tables of two nights side by side: it continues nothing, and nothing continues it
        build, reason = None, "what was picked is built anew"
    if reason:
        context.log.info(f"dbt: {reason}")
    events, nodes, manifest = _run(context, night, phase, _arguments(context, phase, variables, build), continues=build is not None)
    with night.warehouse() as connection:
        if not context.is_subset and dbt.all_built(nodes):
            standing.stand(connection, phase)
            if continued:
                continuation.complete(connection, night.as_of, fingerprint)
        examples = {node.unique_id: failing_rows.examples(connection, node.query) for node in dbt.failed_checks(nodes)}
        rows = dbt.check_rows(nodes, manifest, f"dbt:{phase}", warehouse.empty_tables(connection), examples)
        night.record(connection, f"dbt:{phase}", rows)
        for event in events:
            yield _described(event, connection, manifest)
    broken, failed = dbt.broken_models(nodes), dbt.refusals(nodes, examples)
    if broken:
        raise dg.Failure(f"dbt could not build: {'; '.join(broken[:5])}")
    if failed:
        raise refused(night, f"dbt tests {phase.replace('_', ' ')}", failed)


def _hand_over(connection: duckdb.DuckDBPyConnection, night: Night, phase: str) -> None:
    """What the models read that is neither landed nor in their variables."""
    warehouse.load_hash_key(connection, night.home.salt())
    if phase == "after_models":  # nothing before reads it
        warehouse.expose_sync_log(connection, activation.log_folder(night.home.state))


def _run(
    context: dg.AssetExecutionContext, night: Night, phase: str, arguments: list[str], *, continues: bool
) -> tuple[list[Any], list[dbt.NodeResult], Mapping[str, Any]]:
    """One dbt start, its own output kept beside its artefacts; the events wait until dbt has let go of the warehouse."""
    target = night.home.logs / f"dbt_{phase}"
    target.mkdir(parents=True, exist_ok=True)
    (target / "run_results.json").unlink(missing_ok=True)
    manifest = json.loads(dbt.manifest_path().read_text(encoding="utf-8"))
    invocation = DbtCliInvocation.run(
        args=dbt.command(*arguments),
        env=dbt.environment(night.settings, night.home, target, continues=continues),
        manifest=manifest,
        dagster_dbt_translator=Translator(),
        project_dir=dbt.PROJECT,
        target_path=target,
        raise_on_error=False,
        context=context,
        adapter=None,
        cli_version=Version(version("dbt-core")),
    )
    with (target / "console.log").open("w", encoding="utf-8") as console, redirect_stdout(console):
        events = list(invocation.stream())
    for copied in target.glob("partial_parse.msgpack"):
        copied.chmod(OWNER_ONLY_FILE)  # dagster-dbt brings it along from the project with the permissions that it has there
    if not (target / "run_results.json").exists():
        raise dg.Failure(f"dbt stopped before it ran anything; see {target / 'console.log'}")
    return events, dbt.run_results(target), manifest


def _arguments(context: dg.AssetExecutionContext, phase: str, variables: Mapping[str, Any], build: continuation.Build | None) -> list[str]:
    """What to build: everything of the phase, on top of `build` if there is one, or anew only the models that somebody picked in the UI."""
    selected = [key.path[-1] for key in context.selected_asset_keys] if context.is_subset else [f"tag:{phase}"]
    extent = [] if build else ["--full-refresh"]
    told = json.dumps({**variables, "is_night": True, **(build.variables() if build else {})})
    return ["build", "--select", *selected, "--exclude-resource-type", "unit_test", *extent, "--vars", told]


def _described(event: Any, connection: Any, manifest: Mapping[str, Any]) -> Any:
    """`event`, with row count and preview when it says that a table was built."""
    if not isinstance(event, dg.Output):
        return event
    node = manifest["nodes"].get(event.metadata["unique_id"].value) if "unique_id" in event.metadata else None
    if node is None or node["resource_type"] not in ("model", "seed"):
        return event
    return event.with_metadata({**event.metadata, **table_metadata(connection, node)})


before_models = _assets("before_models", dbt.BEFORE_MODELS)
after_models = _assets("after_models", dbt.AFTER_MODELS)
