"""The tests here need llama.cpp's server, which `make test-llama` builds."""

import os

collect_ignore = [] if "LLAMA_SERVER" in os.environ else ["test_llama.py"]
