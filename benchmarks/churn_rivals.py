"""What a churn model is measured against: logistic regression and gradient boosting, each tuned inside the training rows.

Comes in: a raw frame and a label. Goes out: probabilities of other rows. Both see numbers, flags, dates and texts as a careful
person would prepare them; identifiers and prose are left out, as a person would.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from ml.encoding import parse
from ml.encoding.kinds import CATEGORY
from ml.threads import quiet_threads

_TUNING_ROWS = 30_000
_GRID: list[dict[str, Any]] = [
    {"boost__max_iter": [60], "boost__learning_rate": [0.05], "boost__max_leaf_nodes": [4, 8]},
    {"boost__max_iter": [150], "boost__learning_rate": [0.05], "boost__max_leaf_nodes": [4, 8, 16]},
    {"boost__max_iter": [400], "boost__learning_rate": [0.05], "boost__max_leaf_nodes": [4, 8, 31]},
]


def plain(features: pd.DataFrame) -> pd.DataFrame:
    """Floats for numbers, flags and dates; texts for categories. Columns that are alike everywhere are left out."""
    parsed = parse(features)
    columns = {
        name: _texts(values, parsed.texts[name]) if parsed.kinds[name] == CATEGORY else values for name, values in parsed.values.items()
    }
    return pd.DataFrame({name: values for name, values in columns.items() if pd.Series(values).nunique() > 1})


def _texts(positions: np.ndarray, texts: list[str]) -> np.ndarray:
    return np.array([*texts, "missing"], dtype=object)[positions]


def logistic(features: pd.DataFrame, label: np.ndarray, unseen: pd.DataFrame, seed: int) -> np.ndarray:
    """Scaled numbers with an indicator of what was missing, texts one-hot; C chosen by log loss."""
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    model = _prepared(numbers, OneHotEncoder(min_frequency=5, handle_unknown="infrequent_if_exist"), LogisticRegression(max_iter=1000))
    return _tuned(model, {"boost__C": np.logspace(-3, 2, 6)}, features, label, unseen, seed)


def boosting(features: pd.DataFrame, label: np.ndarray, unseen: pd.DataFrame, seed: int) -> np.ndarray:
    """Histogram boosting; size, depth and number of trees chosen by log loss."""
    texts = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, min_frequency=5, max_categories=60)
    model = _prepared("passthrough", texts, HistGradientBoostingClassifier(early_stopping=False, random_state=seed))
    return _tuned(model, _GRID, features, label, unseen, seed)


def _prepared(numbers: Any, texts: Any, learner: Any) -> Pipeline:
    columns = ColumnTransformer(
        [
            ("texts", texts, make_column_selector(dtype_exclude=np.number)),
            ("numbers", numbers, make_column_selector(dtype_include=np.number)),
        ]
    )
    return Pipeline([("columns", columns), ("boost", learner)])


def _tuned(model: Pipeline, grid: Any, features: pd.DataFrame, label: np.ndarray, unseen: pd.DataFrame, seed: int) -> np.ndarray:
    """Tuned on at most _TUNING_ROWS, fitted on all."""
    with quiet_threads(len(label)):
        return _fitted(model, grid, features, label, unseen, seed)


def _fitted(model: Pipeline, grid: Any, features: pd.DataFrame, label: np.ndarray, unseen: pd.DataFrame, seed: int) -> np.ndarray:
    few = np.random.default_rng(seed).permutation(len(label))[:_TUNING_ROWS]
    search = GridSearchCV(model, grid, scoring="neg_log_loss", cv=3, refit=False).fit(features.iloc[few], label[few])
    chosen = model.set_params(**search.best_params_).fit(features, label)
    return np.asarray(chosen.predict_proba(unseen)[:, 1])
