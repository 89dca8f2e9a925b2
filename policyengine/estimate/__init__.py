"""Forecast what a month of work costs per image that arrives, failures and retries included."""

from policyengine.estimate.forecast import Forecast, ForecastClass, forecast
from policyengine.estimate.simulate import Quantiles, Simulated, simulate
from policyengine.estimate.workload import FailureClass, SellerTerms, Work, WorkloadFile, default_mix, load_workload

__all__ = [
    "FailureClass",
    "Forecast",
    "ForecastClass",
    "Quantiles",
    "SellerTerms",
    "Simulated",
    "Work",
    "WorkloadFile",
    "default_mix",
    "forecast",
    "load_workload",
    "simulate",
]
