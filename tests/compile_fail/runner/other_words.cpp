// expect: use of deleted function
#ifdef FORGE
int answer = nonsense;
#endif
