#include "client/check/chatcheck_program.h"

int main(int argc, char** argv) {
  return chat::client::check::run_chatcheck(argc, argv);
}
