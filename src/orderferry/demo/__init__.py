"""The story that `orderferry demo` tells: two weeks of a shop, a simulated Amazon, an embedded shop database."""
