//! Runs, parameters, metrics and artifacts to an MLflow server by its REST interface.
