// expect: error
int answer = 42;
