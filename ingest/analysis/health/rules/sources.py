"""Sources that several rules have in common."""

ROBUST = "Hampel, The Influence Curve and its Role in Robust Estimation, JASA 1974 (MAD)"
KARPATHY = "Karpathy, CS231n notes, Ratio of weights:updates: about 1e-3"
PAPER = "Liu et al., DeepTracker, ACM TIST 2018"
GLOROT = "Glorot and Bengio, Understanding the Difficulty of Training Deep Networks, AISTATS 2010"
PASCANU = "Pascanu et al., On the Difficulty of Training Recurrent Neural Networks, ICML 2013"
TONEVA = "Toneva et al., An Empirical Study of Example Forgetting, ICLR 2019"
WILLIAMS = "Williams, Analysis of Binary Responses from Toxicological Experiments, Biometrics 1975"
