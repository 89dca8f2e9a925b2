"""Forecast what a month of work costs per image that arrives, failures and retries included."""

from policyengine.estimate.forecast import Forecast, ForecastClass, forecast
from policyengine.estimate.simulate import Quantiles, Simulated, simulate
from policyengine.estimate.workload import (
    FailureClass,
    SellerTerms,
    Work,
    WorkloadFile,
    load_workload,
    standard_workload,
)

__all__ = [
    "FailureClass",
    "Forecast",
    "ForecastClass",
    "Quantiles",
    "SellerTerms",
    "Simulated",
    "Work",
    "WorkloadFile",
    "forecast",
    "load_workload",
    "simulate",
    "standard_workload",
]
