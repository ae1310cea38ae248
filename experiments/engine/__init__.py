"""What all experiments share: configuration, the runner, training, scores, records, figures."""

import os

# TensorFlow, imported late, greets every start with a page of remarks; what fails still raises.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
