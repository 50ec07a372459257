# Aliases for those whose fingers know make; the work is in script/.
.PHONY: all demo check test bench fuzz docs format install clean
all:
	script/build
demo:
	script/demo
check test:
	script/test
bench:
	script/bench
fuzz:
	script/fuzz
docs:
	script/docs
format:
	script/format
install:
	script/build release
	cmake --install build/release $(if $(PREFIX),--prefix "$(PREFIX)")
clean:
	rm -rf build
