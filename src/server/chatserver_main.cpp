#include "server/chatserver_program.h"

int main(int argc, char** argv) {
  return chat::server::run_chatserver(argc, argv);
}
