"""The models as assets: frames from the warehouse in, scores back into the warehouse out.

Comes in: `ml_inputs.*`, as of any date, made by dbt. Goes out: `ml.*`, which dbt reads as a source, and models with their manifests.
"""

from collections.abc import Iterator

import dagster as dg

from ml import MODELS
from orchestration import comments
from orchestration.assets.metadata import OWNERS, relation_metadata
from orchestration.assets.quality import GUARDED_BEFORE_MODELS
from orchestration.assets.scores import frames, written
from orchestration.resources import NIGHTS, ONE_NIGHT_A_RUN, WAREHOUSE_POOL, NightResource
from orchestration.unforeseen import quoting_nothing


def _inputs(*tables: str) -> list[dg.AssetKey]:
    """The inputs of a model and the marts of the mart gate: a gate only stops what comes after what it guards."""
    return [dg.AssetKey(["ml_inputs", table]) for table in tables] + GUARDED_BEFORE_MODELS


def _spec(table: str, deps: list[dg.AssetKey], description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        ["ml", table], deps=deps, group_name="models", description=description, owners=OWNERS, kinds={"scikit-learn"}, partitions_def=NIGHTS
    )


@dg.asset(
    key=dg.AssetKey(["ml", "comment_readings"]),
    deps=[dg.AssetKey(["landing", table]) for table in comments.TEXTS],
    group_name="models",
    description="Themes and tone of every text that customers wrote, under the hash of the text; dbt reads it as a source.",
    owners=OWNERS,
    kinds={"numpy"},
    partitions_def=NIGHTS,
    pool=WAREHOUSE_POOL,
    backfill_policy=ONE_NIGHT_A_RUN,
)
@quoting_nothing
def comment_readings(context: dg.AssetExecutionContext, night: NightResource) -> dg.MaterializeResult:
    """Read what nobody has read before; counts are all that is said of it."""
    from ml.comments import shipped  # with it comes scikit-learn, which only a run should pay

    tonight = night.of(context)
    salt, version = tonight.home.salt(), shipped().version
    with tonight.warehouse() as connection:
        texts = comments.unread(connection, salt, version)
    fresh = MODELS["comments"].load()(texts)
    with tonight.warehouse() as connection:
        kept = comments.keep(connection, salt, version, fresh)
    return dg.MaterializeResult(metadata={"dagster/row_count": kept, "read_tonight": fresh.num_rows, "reader_version": version})


_VALUED = _inputs("clv_purchases", "clv_purchase_days", "clv_subscriptions")
_RISKED = [dg.AssetKey(["ml", "clv_scores"]), *_inputs("customer_features")]  # the band of a risk weighs what the customer is worth


@dg.multi_asset(
    name="churn_scores",
    specs=[_spec("churn_scores", _RISKED, "Who may leave, how likely, and why; judged out of time.")],
    pool=WAREHOUSE_POOL,
    backfill_policy=ONE_NIGHT_A_RUN,
)
@quoting_nothing
def churn_scores(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[dg.MaterializeResult]:
    """Train, judge, and score every active customer."""
    tonight = night.of(context)
    result = MODELS["churn"].load()(
        **frames(
            tonight,
            features="ml_inputs.customer_features",
            values="ml.clv_scores",
        ),
        as_of=tonight.as_of,
        horizon_days=tonight.settings.tuning.churn_horizon_days,
        artifacts=tonight.home.models,
    )
    with tonight.warehouse() as connection:
        yield from written(context, connection, "churn_scores", result, {"churn_scores": "churn_probability"})


@dg.multi_asset(
    name="clv_scores",
    specs=[_spec("clv_scores", _VALUED, "What each customer is expected to bring in, with its interval.")],
    pool=WAREHOUSE_POOL,
    backfill_policy=ONE_NIGHT_A_RUN,
)
@quoting_nothing
def clv_scores(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[dg.MaterializeResult]:
    """Fit the model of the business, or keep the last good one, and value every customer."""
    tonight = night.of(context)
    tuning = tonight.settings.tuning
    result = MODELS["clv"].load()(
        **frames(
            tonight,
            purchases=("ml_inputs.clv_purchases", "customer_key"),
            purchase_days=("ml_inputs.clv_purchase_days", "days_ago"),
            subscriptions=("ml_inputs.clv_subscriptions", "customer_key"),
        ),
        as_of=tonight.as_of,
        artifacts=tonight.home.models,
        horizon_days=tuning.clv_horizon_days,
        annual_discount_rate=tuning.annual_discount_rate,
        gross_margin=tuning.gross_margin,
        reporting_currency=tonight.settings.company.reporting_currency,
    )
    with tonight.warehouse() as connection:
        yield from written(context, connection, "clv_scores", result, {"clv_scores": "clv_predicted"})


_NEWEST_KNOWN = (
    "ml_inputs.customer_features WHERE NOT is_tonight "
    "AND cutoff_date = (SELECT max(cutoff_date) FROM ml_inputs.customer_features WHERE NOT is_tonight)"
)
_DECIDED = [
    dg.AssetKey(["ml", "churn_scores"]),
    dg.AssetKey(["ml", "clv_scores"]),
    *_inputs("action_candidates", "action_log", "customer_features"),
]


@dg.multi_asset(
    name="decisions",
    specs=[
        _spec("next_best_actions", _DECIDED, "What to do next with each customer, `nothing` included, with the propensity of the choice."),
        _spec("action_candidates", _DECIDED, "Every action that was considered, with the gate that removed it."),
        _spec("model_runs", _DECIDED, "What each model was judged by tonight, and why it was published or not."),
    ],
    pool=WAREHOUSE_POOL,
    backfill_policy=ONE_NIGHT_A_RUN,
)
@quoting_nothing
def decisions(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[dg.MaterializeResult]:
    """Learn from the log of actions, judge off-policy, decide for every customer."""
    tonight = night.of(context)
    result = MODELS["next_best_action"].load()(
        **frames(
            tonight,
            candidates="ml_inputs.action_candidates",
            action_log=("ml_inputs.action_log", "action_id, customer_key"),
            features_tonight="ml_inputs.customer_features WHERE is_tonight",
            features_before=(_NEWEST_KNOWN, "customer_key"),
            clv="ml.clv_scores",
            churn="ml.churn_scores WHERE model_version <> 'base_rate'",  # which says nothing of anybody
        ),
        as_of=tonight.as_of,
        artifacts=tonight.home.models,
        exploration_share=tonight.settings.tuning.exploration_share,
        capacity=tonight.settings.tuning.action_daily_capacity,
        capacities={action.name: action.capacity for action in tonight.settings.actions if action.capacity is not None},
        aims={action.name: action.aims_at for action in tonight.settings.actions},
    )
    with tonight.warehouse() as connection:
        shown = {"next_best_actions": "expected_value", "action_candidates": None}
        yield from written(context, connection, "decisions", result, shown)
        yield dg.MaterializeResult(asset_key=["ml", "model_runs"], metadata=relation_metadata(connection, "ml", "model_runs"))
