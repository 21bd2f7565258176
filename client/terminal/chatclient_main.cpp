#include "client/terminal/chatclient_program.h"

int main(int argc, char** argv) {
  return chat::client::run_chatclient(argc, argv);
}
