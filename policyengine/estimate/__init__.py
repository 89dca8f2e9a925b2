"""Forecast what a month of work costs per image that arrives, failures and retries included."""

from policyengine.estimate.forecast import Forecast, ForecastClass, forecast
from policyengine.estimate.simulate import Quantiles, Simulated, simulate
from policyengine.estimate.workload import ARTICLE_MIX, FailureClass, SellerTerms, Work, WorkloadFile, load_workload

__all__ = [
    "ARTICLE_MIX",
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
]
