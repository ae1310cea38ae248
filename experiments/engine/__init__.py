"""What all experiments share: configuration, the runner, training, scores, records, figures."""

import logging
import os
import sys

from experiments.engine.quiet import QuietImport

# TensorFlow, imported late, greets every start with a page of remarks; what fails still raises.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.meta_path.insert(0, QuietImport("tensorflow"))

# It also warns of functions that are traced often: here that is one for each network of a process.
logging.getLogger("tensorflow").addFilter(lambda record: "tf.function retracing" not in record.getMessage())
