#include "client/control/chatctl_program.h"

int main(int argc, char** argv) {
  return chat::client::control::run_chatctl(argc, argv);
}
