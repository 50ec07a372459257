// expect: error
int answer = "forty-two";
